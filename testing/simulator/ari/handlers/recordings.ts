// `/recordings`.

import { writeWav } from "../../../../media/wav.ts";
import { DONE, type Handlers, pathParameter, reply } from "./handler.ts";

export const RECORDINGS: Handlers<"recordings"> = {
  getLive: ({ pbx }, params) => reply(pbx.recordings.live(pathParameter(params, "recordingName"))),
  stop: ({ pbx }, params) => {
    pbx.recordings.stop(pathParameter(params, "recordingName"));
    return DONE;
  },
  cancel: ({ pbx }, params) => {
    pbx.recordings.cancel(pathParameter(params, "recordingName"));
    return DONE;
  },
  listStored: ({ pbx }) => reply(pbx.recordings.list()),
  getStored: ({ pbx }, params) => {
    const { name, format } = pbx.recordings.stored(pathParameter(params, "recordingName"));
    return reply({ name, format });
  },
  deleteStored: ({ pbx }, params) => {
    pbx.recordings.remove(pathParameter(params, "recordingName"));
    return DONE;
  },
  getStoredFile: ({ pbx }, params) => {
    const { pcm } = pbx.recordings.stored(pathParameter(params, "recordingName"));
    return { status: 200, bytes: writeWav(pcm) };
  },
};
