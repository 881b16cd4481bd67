// The services of the admin page's use cases. They exist only while ADMIN is on.

import type { Services } from "../services.ts";
import type { AdminStores } from "../stores/admin-contract.ts";

export interface AdminDeps extends Services {
  readonly admin: AdminStores;
}
