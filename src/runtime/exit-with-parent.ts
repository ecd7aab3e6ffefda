/*
 * Imported first by every worker: no worker outlives main, not even one whose modules are still being loaded when main is killed.
 */
process.on('disconnect', () => process.exit(1));
if (!process.connected) process.exit(1);
