/** All words in English. Every other language has the same parts. */
import { actions } from "./actions";
import { frame } from "./frame";
import { history } from "./history";
import { library } from "./library";
import { plan } from "./plan";
import { refusals } from "./refusals";
import { review } from "./review";
import { run } from "./run";
import { settings } from "./settings";
import { tour } from "./tour";

export const en = { actions, frame, library, plan, run, review, history, settings, refusals, tour };
