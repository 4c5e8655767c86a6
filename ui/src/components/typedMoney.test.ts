import { expect, it } from "vitest";

import { exactMoney } from "../messages/format";
import { typedMoney } from "./typedMoney";

it.each([
  ["0.60", 0.6],
  ["$0.60", 0.6],
  ["0,60", 0.6],
  [" $ 13 ", 13],
  [".5", 0.5],
  ["2.", 2],
  ["1,234.50", 1234.5],
  ["12.345,60 $", 12_345.6],
  ["1,234", 1.234],
  ["0.0000000000019", 1e-12],
])("reads %j", (text, amount) => expect(typedMoney(text)).toEqual({ amount, problem: null }));

it.each([1e-12, 0.6, 0.604999999999, 13, 1234.5])("reads %d as it is said", (amount) =>
  expect(typedMoney(exactMoney(amount))).toEqual({ amount, problem: null }),
);

it("takes an empty field for no limit", () => {
  expect(typedMoney("")).toEqual({ amount: null, problem: null });
  expect(typedMoney("  ")).toEqual({ amount: null, problem: null });
});

it.each([
  ["sixty cents", "no_money"],
  ["$", "no_money"],
  [".", "no_money"],
  ["1.2.3", "no_money"],
  ["1e3", "no_money"],
  ["12,34.5", "no_money"],
  ["0", "not_positive"],
  ["0.00", "not_positive"],
  ["-1", "not_positive"],
  ["1000001", "too_much"],
])("does not take %j: %s", (text, problem) => expect(typedMoney(text)).toEqual({ amount: null, problem }));
