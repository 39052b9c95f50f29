// Stands in for `request` under ari-client 2.2.0, which asks with it once, before it connects, whether
// the PBX is there, and ignores the answer's status (lib/client.js). The requests that follow tell.
module.exports = function request(_url, done) {
  queueMicrotask(() => done(null));
};
