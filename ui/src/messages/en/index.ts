/** All messages in English. Every other language has the same keys. */
import { actions } from "./actions";
import { audit } from "./audit";
import { browser } from "./browser";
import { builtIn } from "./builtIn";
import { checks } from "./checks";
import { compare } from "./compare";
import { diagnoses } from "./diagnoses";
import { evaluate } from "./evaluate";
import { exports } from "./exports";
import { frame } from "./frame";
import { history } from "./history";
import { database } from "./database";
import { hooks } from "./hooks";
import { imports } from "./imports";
import { layers } from "./layers";
import { library } from "./library";
import { menus } from "./menus";
import { info } from "./info";
import { models } from "./models";
import { plan } from "./plan";
import { query } from "./query";
import { errors } from "./errors";
import { recipe } from "./recipe";
import { review } from "./review";
import { run } from "./run";
import { screens } from "./screens";
import { settings } from "./settings";
import { storage } from "./storage";
import { smart } from "./smart";
import { spend } from "./spend";
import { support } from "./support";
import { tour } from "./tour";

export const en = {
  actions,
  screens,
  frame,
  library,
  menus,
  info,
  layers,
  query,
  models,
  plan,
  recipe,
  run,
  review,
  checks,
  audit,
  browser,
  builtIn,
  compare,
  evaluate,
  history,
  spend,
  diagnoses,
  exports,
  database,
  hooks,
  imports,
  settings,
  storage,
  smart,
  errors,
  support,
  tour,
};
