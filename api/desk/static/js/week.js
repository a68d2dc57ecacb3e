// A week (a problem of the API) with everything at hand by its id. Times are whole seconds from 00:00 of its first day.

export const DAY = 86400;
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const KINDS = ["social_worker", "volunteer", "organization"];
const WEIGHTS = {
  urgency: [1, 2, 4, 7, 10], unserved: 1_000_000, pinned: 20_000_000, banked: 500, new_face: 20_000, continuity: 30_000, preferred_window: 15_000,
  preferred_person: 10_000, pairing: 10_000, stand_in: 8_000, rating: 500, lateness: 20, max_lateness: 0, money: 1, travel: 1, waiting: 0,
  workload: 2, equity: 10, stability: 40_000,
};
const byId = (items) => new Map((items || []).map((item) => [item.id, item]));

export class Week {
  #needs;

  constructor(problem) {
    this.problem = problem;
    this.zero = Date.parse(`${problem.horizon.start}T00:00:00Z`);
    this.days = problem.horizon.days ?? 7;
    this.firstWeekday = (new Date(this.zero).getUTCDay() + 6) % 7;
    this.communities = byId(problem.communities);
    this.residents = byId(problem.residents);
    this.providers = byId(problem.providers);
    this.venues = byId(problem.venues);
    this.funds = byId(problem.funds);
    this.categories = byId(problem.categories);
    this.weights = { ...WEIGHTS, ...problem.weights };
    this.rooms = new Map((problem.venues || []).flatMap((venue) => venue.rooms.map((room) => [room.id, { ...room, venue }])));
    this.#needs = byId(problem.needs);
    this.visits = new Map();
    for (const need of problem.needs || []) for (const visit of this.#visitsOf(need)) this.visits.set(visit.id, visit);
    this.pins = new Map();
    for (const pin of problem.pins || []) this.pins.set(pin.visit, [...(this.pins.get(pin.visit) || []), pin]);
    this.shifts = new Map([...this.providers.values()].map((provider) => [provider.id, this.#spans(provider.shifts)]));
  }

  *#visitsOf(need) {
    const resident = this.residents.get(need.resident) || null;
    const community = this.communities.get(resident ? resident.community : need.community) || this.communities.get(this.venues.get(need.venue)?.community);
    const place = need.place ?? "home";
    const location = place === "remote" ? null : place === "venue" ? this.venues.get(need.venue).location
      : need.location ?? resident?.location ?? community?.location ?? null;
    for (let number = 1; number <= (need.visits ?? 1); number += 1) {
      const team = (number === 1 && need.first_team) || need.team;
      const roles = team.flatMap((role) => {
        const count = role.count ?? 1;
        return Array.from({ length: count }, (_, i) => ({ id: count > 1 ? `${role.id}.${i + 1}` : role.id, minutes: role.minutes ?? need.minutes, role }));
      });
      yield {
        id: `${need.id}#${number}`, need, number, roles, resident, community, place, location,
        category: need.category, urgency: need.urgency ?? 3, title: need.title || need.id,
      };
    }
  }

  /** The days of the horizon (0, 1, ...) that a weekday, a date or nothing names. */
  daysOf(name) {
    const all = Array.from({ length: this.days }, (_, i) => i);
    if (name === null || name === undefined) return all;
    const weekday = WEEKDAYS.indexOf(name);
    if (weekday >= 0) return all.filter((i) => (this.firstWeekday + i) % 7 === weekday);
    const i = (Date.parse(`${name}T00:00:00Z`) - this.zero) / (DAY * 1000);
    return all.includes(i) ? [i] : [];
  }

  #spans(items) {
    return (items || []).flatMap((item) => typeof item.from === "number" ? [[item.from, item.to]]
      : this.daysOf(item.day).map((i) => [i * DAY + clock(item.from), i * DAY + clock(item.to)])).sort((a, b) => a[0] - b[0]);
  }

  /** Seconds of a moment. */
  at(moment) {
    return (Date.parse(`${moment}Z`) - this.zero) / 1000;
  }

  /** The moment of seconds, to the second. */
  moment(seconds) {
    return new Date(this.zero + seconds * 1000).toISOString().slice(0, 19);
  }

  date(i) {
    return this.moment(i * DAY).slice(0, 10);
  }

  /** The need of a visit, also of one that is no part of the week any more, where its need is. */
  needOf(visitId) {
    return this.visits.get(visitId)?.need ?? this.#needs.get(visitId.replace(/#\d+$/, ""));
  }

  name(providerId) {
    return this.providers.get(providerId)?.name || providerId;
  }
}

function clock(text) {
  const [hours, minutes, seconds] = text.split(":").map(Number);
  return hours * 3600 + minutes * 60 + (seconds || 0);
}

/** The services of a plan by provider, each list in order of time. */
export function servicesOf(week, assignments) {
  const found = new Map([...week.providers.keys()].map((id) => [id, []]));
  for (const assignment of assignments) {
    const visit = week.visits.get(assignment.visit);
    for (const service of assignment.team) {
      found.get(service.provider)?.push({
        visit, assignment, service, role: service.role, crew: service.crew ?? 1, start: week.at(service.start), end: week.at(service.end),
      });
    }
  }
  for (const services of found.values()) services.sort((a, b) => a.start - b.start || a.end - b.end);
  return found;
}
