// The ways between services, as docs/rules.md has them: from the base, between places, back to the base for those who return.

const RADIUS = 6_371_008.8;
const SPEEDS = { walk: 4.5, bike: 14, bus: 16, car: 28 };

/** Metres between two places in a straight line. */
export function metres(a, b) {
  if (a.x !== undefined && a.x !== null) return Math.hypot(a.x - b.x, a.y - b.y);
  const [p, q] = [sphere(a), sphere(b)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

function sphere({ lat, lon }) {
  const [phi, lambda] = [(lat * Math.PI) / 180, (lon * Math.PI) / 180];
  return [RADIUS * Math.cos(phi) * Math.cos(lambda), RADIUS * Math.cos(phi) * Math.sin(lambda), RADIUS * Math.sin(phi)];
}

/** Seconds that a provider takes from one place to another. On a road graph it is the straight way with its detour: near, not exact. */
export function seconds(week, provider, from, to) {
  if (!from || !to) return 0;
  const travel = week.problem.travel ?? { kind: "straight" };
  const mode = provider.mode ?? "walk";
  if (travel.kind === "matrix") return from.row === to.row ? 0 : (travel.by_mode?.[mode] ?? travel.seconds)[from.row][to.row];
  const speed = provider.speed_kmh ?? { ...SPEEDS, ...travel.speeds_kmh }[mode];
  return Math.ceil((metres(from, to) * (travel.detour ?? 1.3) * 3.6) / speed);
}

/** The routes of a provider: for each shift and crew the services in it, the places on the way, and each leg (`to` is null on the way back). */
export function routes(week, provider, services) {
  const found = new Map();
  const shifts = week.shifts.get(provider.id);
  for (const item of services) {
    const shift = shifts.findIndex(([from, to]) => from <= item.start && item.end <= to);
    const key = `${shift}.${item.crew}.${shift < 0 ? Math.floor(item.start / 86400) : ""}`;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(item);
  }
  return [...found.values()].map((items) => {
    const legs = [];
    let here = provider.location;
    for (const item of items) {
      const place = item.visit.location;
      if (!place) continue;
      legs.push({ from: here, place, to: item, seconds: seconds(week, provider, here, place) });
      here = place;
    }
    if (legs.length && (provider.returns ?? true)) {
      legs.push({ from: here, place: provider.location, to: null, after: items.at(-1), seconds: seconds(week, provider, here, provider.location) });
    }
    return { items, legs };
  });
}
