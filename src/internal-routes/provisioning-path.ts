// Where the API tells the gateway of its users.
// Must never be open to pages of another origin, whatever CORS_ORIGINS says.

export const provisioningPath = "/_gateway/users";

/** Whether a path is one of the provisioning endpoints', byte for byte as it was sent. @param path percent-encoded */
export function isProvisioningPath(path: string): boolean {
  return path === provisioningPath || path.startsWith(`${provisioningPath}/`);
}
