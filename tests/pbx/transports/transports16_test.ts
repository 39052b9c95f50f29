// Calls over the transports of Asterisk 16.28, which has neither chan_websocket nor AudioSocket over ARI.

import { callsOnAsterisk } from "./transports_asterisk.ts";

await callsOnAsterisk("Asterisk 16.28", "16", ["rtp", "files"]);
