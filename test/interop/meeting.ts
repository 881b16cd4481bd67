// Django and the gateway with the same keys, settings and users: Django beside the gateway, and behind it.
// Must never give the two different settings, but for what only one of them has.
import { type DjangoDatabase, type DjangoServer, startDjango } from "./django.ts";
import { type GatewayServer, startGateway } from "./gateway.ts";
import { type Algorithm, newKeys } from "./keys.ts";
import { putRows } from "./rows.ts";
import type { TemporaryFolder } from "./temporary-folder.ts";

export interface Agreement {
  /** How its sentences begin. */
  readonly name: string;
  readonly algorithm: Algorithm;
  /** Settings of Simple JWT, under the names that both sides know them by. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Settings that only the gateway has. */
  readonly gatewaySettings?: Readonly<Record<string, unknown>>;
}

/** A user that both sides know. */
export interface Person {
  readonly id: number;
  readonly username: string;
  readonly password: string;
}

export interface Meeting {
  readonly agreement: Agreement;
  readonly gateway: GatewayServer;
  readonly django: DjangoServer;
  readonly djangoDatabase: DjangoDatabase;
  readonly ada: Person;
  /** What the origin has to find in X-User-Id when Ada calls. */
  readonly adaUserId: string;
}

/** What outlives a meeting. */
export interface Ground {
  readonly folder: TemporaryFolder;
  /** The Worker, bundled. */
  readonly bundle: string;
  readonly database: DjangoDatabase;
  readonly ada: Person;
}

const rotation = { ROTATE_REFRESH_TOKENS: true, BLACKLIST_AFTER_ROTATION: true };

/** Starts both, gives the gateway Django's users, lets `work` have them, stops both. */
export async function meet(
  { folder, bundle, database, ada }: Ground,
  agreement: Agreement,
  work: (meeting: Meeting) => Promise<void>,
): Promise<void> {
  const keys = newKeys(agreement.algorithm);
  const shared = { ALGORITHM: agreement.algorithm, ...rotation, ...agreement.settings };
  const django = await startDjango(database, keys, shared);
  try {
    const settings = { ...shared, ...agreement.gatewaySettings };
    const gateway = await startGateway(folder, { bundle, originUrl: django.url, keys, settings });
    try {
      await putRows(gateway.database, await database.rows());
      const adaUserId = agreement.settings.USER_ID_FIELD === "username" ? ada.username : String(ada.id);
      await work({ agreement, gateway, django, djangoDatabase: database, ada, adaUserId });
    } finally {
      await gateway.stop();
    }
  } finally {
    await django.stop();
  }
}
