// What speaks against relying on an answer, as app/views.py says it: `accuracy` is of the checkpoint's card, `words` of page.json.
export function doubt(logits, probabilities, accuracy, words) {
  const most = Math.max(...logits), energy = most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
  if (accuracy?.known_above != null && energy < accuracy.known_above) return words.unlike;
  const percent = accuracy?.sure_above;
  if (percent >= 1) return words.never;
  return percent != null && Math.max(...probabilities) < percent ? words.unsure.replace('{percent}', Math.round(100 * percent)) : '';
}
