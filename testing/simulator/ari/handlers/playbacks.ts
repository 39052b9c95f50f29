// `/playbacks`.

import { DONE, type Handlers, pathParameter, reply } from "./handler.ts";

export const PLAYBACKS: Handlers<"playbacks"> = {
  get: ({ pbx }, params) => reply(pbx.playbacks.get(pathParameter(params, "playbackId"))),
  stop: ({ pbx }, params) => {
    pbx.playbacks.stop(pathParameter(params, "playbackId"));
    return DONE;
  },
  control: ({ pbx }, params) => {
    pbx.playbacks.control(pathParameter(params, "playbackId"), params.text("operation"));
    return DONE;
  },
};
