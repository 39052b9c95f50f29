// What a model may do besides speaking. The model only asks: this file decides by the operator's
// configuration whether it may and with which arguments, whatever a caller or a document told it.

import { z } from "zod";
import type { ToolCall } from "./agent.ts";
import { isToolAllowed, type ToolSettings } from "./tool_rules.ts";

/** A tool as it is described to a model; the parameters are JSON Schema. */
export interface ToolOffer {
  readonly name: ToolCall["name"];
  readonly description: string;
  readonly parameters: Record<string, unknown>;
}

/** The decision on a tool call that a model requested. */
export type ToolVerdict =
  | { readonly allowed: true; readonly call: ToolCall; readonly farewell?: string }
  | {
    readonly allowed: false;
    /** The tool's, where there is such a tool; never what else the model wrote in its place. */
    readonly name: string;
    /** For the operator: what was requested and why it is refused. Contains no argument's value. */
    readonly reason: string;
  };

/** All there are. */
const TOOL_NAMES: readonly ToolCall["name"][] = [
  "transfer_to",
  "hang_up",
  "send_dtmf",
  "take_contact",
];

/** The longest farewell accepted from a model, in characters. */
const LONGEST_FAREWELL = 200;

const HANG_UP = z.object({
  farewell: z.string().max(LONGEST_FAREWELL).optional()
    .describe("What to say before hanging up, one short sentence"),
});
const SEND_DTMF = z.object({
  digits: z.string().regex(/^[0-9*#A-D]{1,20}$/).describe("The keys to press"),
});
const TAKE_CONTACT = z.object({
  name: z.string().trim().min(1).max(100).optional(),
  phone: z.string().trim().refine(isPhone, "7 to 15 digits").optional()
    .describe("Phone number in digits, as the caller said it"),
  email: z.email().max(200).optional(),
}).refine(({ name, phone, email }) => name ?? phone ?? email, "nothing to note");

/** The tools to offer a model: those that the configuration allows and makes possible. */
export function offeredTools(settings: ToolSettings): ToolOffer[] {
  const offers: ToolOffer[] = [
    {
      name: "transfer_to",
      description: "Transfer the caller to a department or a person, when they ask for one.",
      parameters: z.toJSONSchema(transferArguments(settings)),
    },
    {
      name: "hang_up",
      description: "Say goodbye and end the call, when the conversation is over.",
      parameters: z.toJSONSchema(HANG_UP),
    },
    {
      name: "send_dtmf",
      description: "Press keys of the phone, when a menu of another system asks for it.",
      parameters: z.toJSONSchema(SEND_DTMF),
    },
    {
      name: "take_contact",
      description: "Note the caller's name, phone number or e-mail to get back to them.",
      parameters: z.toJSONSchema(TAKE_CONTACT),
    },
  ];
  return offers.filter(({ name }) => isToolAllowed(name, settings));
}

/** Judges a model's request: the tool must be known and allowed, the arguments valid. */
export function judgeToolCall(
  name: string,
  argumentsJson: string,
  settings: ToolSettings,
): ToolVerdict {
  const known = nameOf(name);
  const refuse = (reason: string): ToolVerdict => ({ allowed: false, name: known, reason });
  if (!isToolAllowed(name, settings)) {
    return refuse(
      `the model asked for ${known}, which is not allowed; see AGENT_TOOLS and TRANSFER_TARGETS`,
    );
  }
  const given = parseJson(argumentsJson);
  if (given === undefined) return refuse(`the model's arguments for ${name} are not JSON`);
  switch (name) {
    case "transfer_to": {
      const result = transferArguments(settings).safeParse(given);
      if (!result.success) {
        return refuse(`the model asked for a transfer to a key that is not in TRANSFER_TARGETS`);
      }
      const { key } = result.data;
      return {
        allowed: true,
        call: { name: "transfer_to", key, extension: settings.TRANSFER_TARGETS[key]! },
      };
    }
    case "hang_up": {
      const { farewell } = HANG_UP.safeParse(given).data ?? {};
      return { allowed: true, call: { name: "hang_up" }, ...(farewell && { farewell }) };
    }
    case "send_dtmf": {
      const result = SEND_DTMF.safeParse(given);
      if (!result.success) return refuse("the model asked to press keys that do not exist");
      return { allowed: true, call: { name: "send_dtmf", digits: result.data.digits } };
    }
    case "take_contact": {
      const result = TAKE_CONTACT.safeParse(withoutEmpty(given));
      if (!result.success) {
        return refuse(`the contact the model noted is not usable: ${faults(result.error)}`);
      }
      return { allowed: true, call: { name: "take_contact", contact: result.data } };
    }
  }
}

function transferArguments({ TRANSFER_TARGETS }: ToolSettings) {
  return z.object({ key: z.enum(Object.keys(TRANSFER_TARGETS)).describe("Where to") });
}

function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, "").length;
  return /^[\d\s()+-]+$/.test(text) && digits >= 7 && digits <= 15;
}

/** Models fill in unknown values with "". */
function withoutEmpty(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return given;
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== "" && value !== null),
  );
}

/** Names the invalid arguments, without their values. */
function faults(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "all"}: ${message}`).join(
    "; ",
  );
}

/** A tool's name for the operator. A model may put a caller's words where a name belongs. */
function nameOf(tool: string): string {
  const known = TOOL_NAMES.find((name) => name === tool);
  return known ?? `a tool that does not exist (${tool.length} characters)`;
}

function parseJson(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
