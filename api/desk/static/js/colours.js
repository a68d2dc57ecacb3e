// A colour for each category: all dark enough for white text (7:1 or near), told apart by hue and lightness; the text says it too.

const FIXED = {
  social_relief: "#7a3e12", veterans: "#8c1d40", disability: "#5b3a9e", elderly: "#0b5d3b", employment: "#1a4f9c", public_safety: "#a3161f",
  environment: "#48600f", culture: "#8d2484", home_care: "#00606b", youth: "#8a4b00", correction: "#434a58",
};
const SPARE = ["#2f4858", "#6b2d5c", "#33691e", "#4e342e", "#1b3a6b", "#5d1049"];

/** The colour of a category of a week. */
export function colour(week, id) {
  if (FIXED[id]) return FIXED[id];
  const own = [...week.categories.keys()].filter((key) => !FIXED[key]);
  return SPARE[Math.max(0, own.indexOf(id)) % SPARE.length];
}
