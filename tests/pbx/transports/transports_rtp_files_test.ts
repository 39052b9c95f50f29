// Calls over the transports of Asterisk 22 that are packets, or files, with a real SIP caller.

import { callsOnAsterisk } from "./transports_asterisk.ts";

await callsOnAsterisk("Asterisk 22", "22", ["rtp", "files"]);
