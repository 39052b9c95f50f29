// Stands in for packages that others ask for and that nothing here uses: see package.json, "overrides".
module.exports = function empty() {
  throw new Error("this package is replaced by an empty one: see the overrides in package.json");
};
