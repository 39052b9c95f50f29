// Tells the service manager what `start` tells it, and ends.

import { settingsFromEnvironment } from "../../config/environment.ts";
import { ServiceManager } from "../../cli/systemd/service_manager.ts";

using manager = new ServiceManager(settingsFromEnvironment().DATA_DIR);
await manager.ready();
await manager.stopping();
