// Calls over the transports of Asterisk 22 that are streams of bytes, with a real SIP caller.

import { callsOnAsterisk } from "./transports_asterisk.ts";

await callsOnAsterisk("Asterisk 22", "22", ["websocket", "audiosocket"]);
