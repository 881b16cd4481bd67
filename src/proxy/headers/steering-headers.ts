// Request headers from which servers, frameworks and proxies behind the gateway take what the gateway has decided.
// Must never hold a name that browsers or API clients send for purposes of their own.

/** What is taken from a header. */
type Steers = "path" | "host" | "scheme" | "address" | "user" | "certificate" | "method" | "file" | "routing";

/** A row of the table in docs/client-headers.md. */
interface SteeringHeaders {
  /** In small letters; `*` at the end stands for any rest. */
  readonly names: readonly string[];
  readonly steers: Steers;
  /** Who reads them, by default or when configured to. */
  readonly readBy: string;
}

const row = (steers: Steers, names: string, readBy: string): SteeringHeaders => ({
  steers,
  names: names.split(" "),
  readBy,
});

/**
 * What clients must not send to the origin. It is a list: a server of your own may read other names. Those with other
 * characters than letters, digits and `-` (`SCRIPT_NAME`) are not in it, since all of them are dropped.
 */
export const steeringHeaders: readonly SteeringHeaders[] = [
  row(
    "address",
    "forwarded forwarded-* x-forward*",
    "nearly all servers and frameworks; also path, host, scheme, user",
  ),
  row("routing", "via surrogate-capability", "caches and proxies; Symfony's ESI"),
  row("path", "daphne-root-path", "Daphne: root_path"),
  row("path", "script-name path-info x-script-name", "mod_wsgi, Plack, WSGI recipes, servers that fold - and _"),
  row("path", "x-original-* x-rewrite-*", "IIS, ASP.NET Core, Symfony, Laminas, ingress-nginx; also method and host"),
  row("path", "x-waws-unencoded-url x-ms-original-url x-ms-endpoint-absolute-path", "Azure, AD FS"),
  row("path", "x-vhm-* x-traversal-path x-request-base x-ingress-path", "Zope, Plack, Catalyst, Mojolicious"),
  row("path", "x-matched-path x-invoke-* x-now-* x-vercel-* x-nf-*", "Next.js, Vercel, Netlify; also the address"),
  row("path", "x-middleware-*", "Next.js: its middleware is skipped (CVE-2025-29927)"),
  row("path", "camel*", "Apache Camel (CVE-2025-27636)"),
  row("routing", "x-envoy-*", "Envoy, Istio: path, host, address, timeouts, retries"),
  row("routing", "l5d-*", "Linkerd: the service that gets the request"),
  row("routing", "x-amzn-request-context x-amzn-lambda-context", "AWS Lambda Web Adapter: the whole event"),
  row("routing", "x-apigateway-event x-apigateway-context", "serverless-express: the whole event"),
  row("host", "x-host x-host-override disguised-host was-default-hostname", "mod_wsgi, Azure App Service"),
  row("method", "x-http-*", "Rack, Laravel, Symfony, ASP.NET, Express, DRF before 3.3; X-HTTP-Host-Override"),
  row("method", "x-method x-method-override http-method-override", "Express's method-override and others"),
  row("scheme", "x-scheme x-url-scheme x-https https front-end-https", "mod_wsgi, Tornado, PHP, Microsoft's proxies"),
  row("scheme", "x-proxied-https x-appservice-proto x-arr-*", "Jetty, Azure App Service, IIS; also the certificate"),
  row("address", "client-ip x-client-ip x-client-port x-originating-ip x-coming-from", "Rails, PHP, mod_wsgi"),
  row("address", "x-real-* true-client-ip", "nginx, Tornado, chi"),
  row("address", "x-cluster-client-ip x-cluster-clientip x-custom-ip-authorization", "django-ipware, request-ip"),
  row("address", "fastly-* fly-client-ip fly-forwarded-*", "behind Fastly, Fly.io; also the scheme"),
  row("address", "do-connecting-ip incap-client-ip ali-cdn-real-ip cdn-src-ip", "DigitalOcean, Imperva, Alibaba Cloud"),
  row(
    "address",
    "x-appengine-* x-cloudtasks-* x-cloudscheduler*",
    "App Engine; also whether it is a task or a cron job",
  ),
  row("address", "x-azure-* x-ms-forwarded-client-ip", "Azure Front Door, AD FS"),
  row("address", "cf-connecting-* cf-pseudo-* cf-client-* cf-real-* cf-ip", "as Cloudflare's; CF-Connecting-IP passes"),
  row("address", "proxy proxy-* x-proxy x-proxy-* x-proxyuser-ip", "CGI and PHP (HTTP_PROXY, CVE-2016-5385), Jetty"),
  row("address", "wl-proxy-*", "WebLogic, Java recipes; also the certificate"),
  row("user", "remote-* x-remote-*", "Django, DRF, Authelia, Kubernetes; also the address"),
  row("user", "x-auth-request-* x-authenticated-* x-webauth-*", "behind oauth2-proxy, Kong; Grafana"),
  row("user", "x-authentik-* x-pomerium-* x-vouch-*", "behind authentik, Pomerium, Vouch"),
  row("user", "x-consumer-id x-consumer-custom-id x-consumer-username x-consumer-groups", "behind Kong"),
  row("user", "x-credential-identifier x-credential-username x-anonymous-consumer", "behind Kong"),
  row("user", "x-ms-client-principal* x-ms-token-* x-iisnode-*", "Azure App Service, iisnode"),
  row("user", "x-amzn-oidc-* x-goog-iap-* x-goog-authenticated-*", "behind AWS load balancers, Google IAP"),
  row("user", "x-apigateway-api-userinfo x-endpoint-api-userinfo", "behind Google's API gateways"),
  row("user", "cf-access-authenticated-*", "behind Cloudflare Access; not signed, as Cf-Access-Jwt-Assertion is"),
  row("user", "oidc-* shib-* sm-user* oam-remote-user", "mod_auth_openidc, Shibboleth, SiteMinder, Oracle"),
  row("user", "iv-user* iv-groups iv-creds iv-remote-*", "behind IBM's WebSEAL"),
  row("certificate", "ssl-* x-ssl* x-tls-*", "ingress-nginx, HAProxy and Apache recipes, Tomcat, Undertow"),
  row("certificate", "x-client-cert* x-client-verify x-client-dn", "ASP.NET Core, nginx recipes"),
  row("certificate", "client-cert client-cert-chain", "RFC 9440"),
  row("certificate", "cf-cert-* x-amzn-mtls-*", "behind Cloudflare's and AWS's mutual TLS"),
  row("certificate", "ms-aspnetcore-*", "ASP.NET Core behind IIS; also the user"),
  row(
    "file",
    "x-sendfile* x-accel-* x-lighttpd-* x-litespeed-*",
    "Rack::Sendfile and so Rails (CVE-2025-61780), Plack",
  ),
];

/** Below a prefix of the table, but a client's own: Next.js' router sends it, and nothing is taken from it. */
const clientsOwn = new Set(["x-middleware-prefetch"]);

const isPrefix = (name: string) => name.endsWith("*");
const allNames = steeringHeaders.flatMap(({ names }) => names);
const exact = new Set(allNames.filter((name) => !isPrefix(name)));
/** One expression, since every header name that is not remembered is looked up. */
const prefixed = new RegExp(`^(?:${allNames.flatMap((name) => (isPrefix(name) ? name.slice(0, -1) : [])).join("|")})`);

/** @param name in small letters */
export function isSteering(name: string): boolean {
  return (exact.has(name) || prefixed.test(name)) && !clientsOwn.has(name);
}

/** The row of a name in small letters, if it has one. */
export function steeringRow(name: string): SteeringHeaders | undefined {
  if (!isSteering(name)) return undefined;
  const covers = (one: string) => (isPrefix(one) ? name.startsWith(one.slice(0, -1)) : one === name);
  return steeringHeaders.find(({ names }) => names.some(covers));
}
