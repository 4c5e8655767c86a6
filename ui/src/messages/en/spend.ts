import type { CostRange, Forecast, MonthSpending } from "../../api/bindings";
import { count, date, decimal, exactMoney, likelyMoney, money, percent } from "../format";

const images = (number: number): string => `${count(number)} ${number === 1 ? "image" : "images"}`;
const runs = (number: number): string => `${count(number)} ${number === 1 ? "run" : "runs"}`;
const share = (part: number): string => `${decimal(Math.abs(part - 1) * 100)} %`;

export const spend = {
  tabs: "Parts of the history",
  runs: "Runs",
  spend: "Spend",
  quality: "Quality",
  filters: {
    period: "Period",
    months: (number: number) => (number === 1 ? "This month" : `Last ${count(number)} months`),
    allTime: "All time",
    model: "Model",
    allModels: "All models",
    recipe: "Recipe",
    allRecipes: "All recipes",
    collection: "Collection",
    allCollections: "All collections",
  },
  export: "Export CSV",
  exportBy: {
    shown: (key: string) => `By month and ${key.toLowerCase()}`,
    all: "By month, model, recipe and collection",
  },
  saved: (path: string) => `Spend written to ${path}`,
  calibration: "Calibration",
  noCollection: "No collection",
  others: (number: number) => `${count(number)} others`,

  paid: "Paid",
  paidNote: (of: number, sent: number) => `${runs(of)}, ${images(sent)}`,
  unpriced: (requests: number) =>
    `without ${count(requests)} ${requests === 1 ? "request" : "requests"} of unknown price`,
  unpricedReviewed: (requests: number) =>
    requests === 1 ? "1 request has no known price" : `${count(requests)} requests have no known price`,
  quotes: "Against the quotes",
  deviation: (part: number) =>
    Math.abs(part - 1) < 0.0005 ? "As quoted" : part < 1 ? `${share(part)} under` : `${share(part)} over`,
  quoted: (dollars: number) => `${money(dollars)} quoted`,
  noQuotes: "No complete run was quoted",
  likely: "In the likely range",
  likelyOf: (inRange: number, all: number) => `${count(inRange)} of ${count(all)}`,
  neverAbove: "never above the bound",
  above: (number: number) => `${runs(number)} above the bound`,
  noRange: "No complete run had a range",
  perThousand: "Per 1,000 accepted",
  accepted: (number: number) => `${count(number)} accepted`,
  noneReviewed: "Nothing sent has been reviewed",
  noneAccepted: "None was accepted",
  reviewedFree: "What was reviewed cost nothing",
  failed: "Paid for failed images",
  failedNote: (part: number) => `${percent(part)} of what was paid`,
  nothingPaid: "nothing was paid",
  pricedOnly: "of requests with a known price",
  possible: "May be billed as well",
  possibleNote: "unanswered requests, at most",
  unmeasured: "–",

  byMonth: "By month",
  byMonthText: "What was paid by month",
  splitBy: "Split by",
  keys: { model: "Model", recipe: "Recipe", collection: "Collection" },
  inAll: (paid: string, of: number) => `${paid} in ${runs(of)}`,
  noMonths: {
    nothingSent: "No request was sent in this period.",
    nothingPaid: "Nothing was paid in this period.",
    priceUnknown: "What the requests of this period cost is not known.",
  },

  monthTitle: (name: string) => name,
  monthSpent: ({ spent_dollars: spent, cap_dollars: cap }: MonthSpending) =>
    cap === null ? money(spent) : `${money(spent)} of ${exactMoney(cap)}`,
  monthText: "What all runs spent this month, day by day",
  spentSoFar: "Spent",
  cap: "Cap",
  ahead: "Forecast",
  day: (day: number) => `Day ${count(day)}`,
  capKept: (left: number) => `${money(left)} left. Runs pause before they could pass the cap.`,
  noCap: "There is no monthly cap.",
  changeCap: "Change cap",
  forecastFor: (day: string) => `Forecast for ${date(day)}`,
  forecastNote: ({ days, spent_dollars: spent }: Forecast) =>
    `At the pace of the last ${count(days)} days, which cost ${money(spent)}.`,
  noForecast: "No forecast: requests go back less than a week.",
  overCap: (dollars: number) => `${money(dollars)} over the cap`,
  underCap: (dollars: number) => `${money(dollars)} under the cap`,

  estimates: "Quote against paid",
  estimatesNote: "paid as a share of the quote, one run each, oldest first",
  estimatesText: "What runs cost as a share of their quotes, oldest first",
  estimateOf: (run: number, model: string) => `Run ${count(run)}, ${model}`,
  paidInRange: "Paid, in the likely range",
  paidOutside: "Paid, outside of it",
  range: "Likely range",
  rangeOf: (quoted: CostRange) => likelyMoney(quoted),
  quote: "Quote",
  verdict: (inRange: number, all: number, over: number, under: number) =>
    `${count(inRange)} of ${count(all)} in the likely range, ${count(over)} above it, ${count(under)} below.`,
  half: (part: number) => `Half of the runs are within ${decimal(part * 100)} % of their quote.`,

  acceptedCost: "Cost of an accepted annotation",
  acceptedNote: "Paid for the images that were sent and reviewed, over the annotations accepted on them.",
  columns: {
    model: "Model",
    runs: "Runs",
    images: "Images",
    paid: "Paid",
    accepted: "Accepted",
    perThousand: "Per 1,000",
    share: "Share",
  },
  byRecipe: "By recipe",
  byCollection: "By collection",
  byModel: "By model",
  priceUnknown: "unknown",
  paidAndUnknown: (paid: number) => `${money(paid)} and unknown`,

  emptyTitle: "Nothing spent yet",
  emptyNote: "What requests cost is shown here by month, model, recipe and collection.",
};
