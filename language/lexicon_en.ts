// The English lexicon; see `Lexicon`.

import { stemmer } from "@orama/stemmers/english";
import type { Lexicon } from "./language.ts";

const STOP_WORDS =
  `a about all also am an and any are as at be been but by can could did do does dont else every for
  from get give got had has have he hello hey hi how i id if im in into is isnt it its just know let
  like may me might mine more much must my need no not now of off ok okay on one only or our ours
  out please shall she should so some such tell than thank thanks that thats the their them then
  there these they thing things this those to too uh um up us very want was we well were what whats
  when where which while who whom whose why will with would yes you your yours machine machines
  question ask asking say speak talk find interested wonder wondering bit kind sort dear sir long often take takes taking soon period term people use used using sell come
  happen happens anything something anybody somebody anyone someone right down news good today yesterday tomorrow together
  place offer provide many much far`;

const NUMERALS =
  "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|" +
  "fifty|sixty|seventy|eighty|ninety|hundred|thousand|half";

/** English. */
export const ENGLISH: Lexicon = {
  stem: stemmer,
  stopWords: new Set(STOP_WORDS.split(/\s+/)),
  synonyms: [
    ["price", "prices", "cost", "costs", "pricing", "quotation", "quote", "expensive"],
    ["warranty", "guarantee", "warrantee"],
    ["delivery", "deliver", "shipping", "ship", "shipment", "transport", "freight"],
    ["training", "train", "teach", "learn", "course", "lesson", "education"],
    ["repair", "fix", "service", "mend", "malfunction", "broken", "broke"],
    ["accuracy", "accurate", "precision", "precise", "error", "exact"],
    ["load", "force", "loads"],
    ["maximum", "max", "largest", "biggest", "highest", "greatest", "strongest", "limit", "top"],
    ["hours", "hour", "schedule", "open", "opening", "closed", "weekend", "saturday", "sunday"],
    ["installation", "install", "setup", "commissioning", "commission", "mounting"],
    ["computer", "pc", "laptop"],
    ["software", "program", "application", "app"],
    ["weight", "weigh", "weighs", "heavy", "mass"],
    ["speed", "fast", "rate", "velocity", "quick", "quickly"],
    ["discount", "rebate", "reduction"],
    ["production", "produce", "manufacture", "manufacturing", "build", "building"],
    ["size", "dimension", "dimensions", "space"],
    ["foundation", "floor", "base"],
    ["temperature", "hot", "cold", "heat", "heating", "cooling", "degrees"],
    ["power", "electricity", "electric", "electrical", "voltage", "volt", "volts"],
    ["noise", "noisy", "loud", "quiet", "sound"],
    ["return", "refund"],
    ["tensile", "tension", "pull", "pulling"],
    ["compression", "compress", "press", "presses", "crush", "crushing"],
    ["sample", "specimen", "samples", "specimens"],
    ["extensometer", "stretch", "strain", "elongation", "extension"],
    ["grips", "grip", "clamp", "clamps", "jaw", "jaws", "holder"],
    ["hardness", "rockwell", "brinell", "vickers"],
    ["impact", "pendulum", "charpy", "hammer"],
    ["fatigue", "cyclic", "cycles"],
    ["torsion", "twist", "torque", "twisting"],
    ["calibration", "calibrate", "verification", "verify", "calibrated"],
    ["visit", "tour", "address", "visitor", "guest"],
    ["payment", "pay", "paid", "prepayment", "advance", "invoice"],
    ["document", "documents", "certificate", "certificates", "paper", "papers", "manual"],
    ["parts", "part", "spares"],
    ["modernization", "modernize", "upgrade", "retrofit", "modernise"],
    ["custom", "special", "bespoke", "customized"],
    ["standard", "standards", "iso", "astm"],
    ["safety", "safe", "emergency", "dangerous"],
    ["maintenance", "maintain", "oil", "lubricate", "grease", "clean", "cleaned"],
    ["manager", "human", "person", "someone"],
    ["company", "firm", "plant", "factory", "business"],
    ["lease", "leasing", "credit", "loan"],
    ["trial", "try", "demo", "demonstration"],
  ],
  decisive: [
    "price",
    "warranty",
    "delivery",
    "payment",
    "discount",
    "training",
    "repair",
    "calibration",
    "installation",
    "lease",
    "return",
  ],
  expressions: [
    [/\bhow much (?:does|do|is|are|would|will|for)\b(?!.*\bweigh)/g, " price "],
    [/\bhow (?:big|large|wide|tall)\b/g, " size "],
    [/\bhow (?:long|soon|fast) .*\b(?:make|build|produce|ready)\b/g, " production time "],
    [/\bhow (?:soon|long) .*\b(?:arrive|get here|bring)\b/g, " delivery "],
    [/\b(?:break|breaks|broke|stops|stopped) (?:down|working)\b/g, " repair "],
    [/\b(?:give|send|bring|take) (?:it|them|this|the \w+) back\b/g, " return "],
    [/\bset (?:\w+ ){0,3}up\b/g, " installation "],
    [/\b(?:utm|u t m)\b/g, " tensile "],
    [/\bpay (?:in|by) (?:parts|installments)\b/g, " payment parts "],
    [
      /\b(?:speak|talk) (?:to|with) (?:a |an |the |your )?(?:person|human|someone|manager|operator)\b/g,
      " manager contact ",
    ],
  ],
  quantityQuestion:
    /\bhow (?:many|much|long|big|fast|often|soon|accurate|heavy|hot|cold|old|far|large)\b|\bwhat (?:is|are) (?:the|your) (?:maximum|max|highest|price|weight|speed|accuracy|load|term|hours)\b|\bwhen\b/,
  quantity: new RegExp(`\\d|\\b(?:${NUMERALS})\\b`, "i"),
  followUp:
    /^(?:(?:and|but|so|then|also) )?(?:what|how) about\b|^and\b|\b(?:it|its|they|them|their|that one|this one|those|these)\b(?! (?:is )?(?:possible|necessary|true)\b)/,
  leansOnBefore: /^(?:it|its|they|their|this|these|that)(?= )/i,
  routing: {
    general:
      `price delivery warranty payment discount training repair calibration installation lease
      return production hours visit document parts modernization custom company trial dealer manager
      invoice contract stock warehouse email city insurance parking site month free complaint
      contact order certificate`.split(/\s+/),
    tech: `load accuracy speed tensile compression hardness impact fatigue torsion spring grips
      extensometer temperature furnace chamber software computer power size foundation noise standard
      safety maintenance weight kilonewton kn mpa mm millimeter hertz sensor cell specimen sample
      maximum humidity concrete rubber film wire frequency windows linux usb voltage kilowatt report
      measure tm cp ht`.split(/\s+/),
  },
  unfinishedEndings:
    `and or but so because if when while that which who whose the a an to of for from in on at by with
    about into as than is are was were do does did can could would will my your our their this these
    like between without per um uh er erm hmm well very i we you need want`.split(/\s+/),
  backchannels:
    `uhhuh|uh huh|uh-huh|mhm|mm|mmm|mm hmm|mm-hmm|mmhmm|mm hm|hmm|hm|aha|ah|oh|okay|ok|right|
    i see|yeah|yep|yes|sure|got it|alright|all right|great|good|fine|uh|um|go on|understood`
      .split("|").map((words) => words.trim()),
  thanks:
    /^(?:(?:ok|okay|great|good|fine|well|oh|no|perfect),? )*(?:thanks|thank you|many thanks)(?: (?:a lot|very much|so much|for (?:your|the) (?:help|information)))*$/,
  goodbye:
    /^(?:(?:ok|okay|great|well|no|thanks|thank you|that is all|thats all|very much),? )*(?:goodbye|good bye|bye bye|bye|see you|that is all|thats all)(?: now| then)?$/,
  farewell: /\b(?:goodbye|good bye|bye)\b/,
};
