// The AWS SDK for JavaScript lists exports with the identity that it finds by
// itself, in its settings.

const { BCMDataExports } = require("@aws-sdk/client-bcm-data-exports");

new BCMDataExports().listExports({}).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
