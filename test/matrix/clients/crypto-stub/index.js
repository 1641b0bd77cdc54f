// Stands in for a package that downloads a binary when it is installed. matrix-bot-sdk reads some of its names at load.
