import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import eu.emi.security.authn.x509.X509Credential;
import eu.emi.security.authn.x509.impl.KeyAndCertCredential;
import eu.emi.security.authn.x509.impl.PEMCredential;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStoreException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.italiangrid.voms.VOMSGenericAttribute;
import org.italiangrid.voms.ac.impl.VOMSGenericAttributeImpl;
import org.italiangrid.voms.asn1.VOMSACGenerator;

/**
 * A stand-in for INDIGO IAM's VOMS attribute authority, for tests: the same order of checks, the same statuses, content
 * types, messages and XML bytes; the attribute certificates come from the class that IAM uses. Several profiles (a port, a
 * configuration) run in one process. Accounts are read anew for each request.
 */
public final class VomsAa {
  private static final String[] REQUIRED = {
    "x-ssl_client_ee_s_dn", "x-ssl_client_ee_i_dn", "x-ssl_client_ee_cert", "X-SSL-Client-S-Dn",
    "X-SSL-Client-I-Dn", "X-SSL-Client-Serial", "X-SSL-Client-V-Start", "X-SSL-Client-V-End"
  };
  private static final String XML = "text/xml;charset=utf-8";
  private static final int LONGEST_PARAMETER = 512;

  private final String profile;
  private final Properties conf;
  private final VOMSACGenerator generator;
  private final PrintWriter log;

  private VomsAa(String profile, Properties conf, PrintWriter log) throws Exception {
    this.profile = profile;
    this.conf = conf;
    this.log = log;
    generator = get("cert") == null ? null : new VOMSACGenerator(credential(get("key"), get("cert")));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(get("port"))), 64);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", generator == null ? this::web : this::aa);
    server.start();
  }

  /**
   * IAM takes PEMCredential, but that of canl 2.8.2 believes no EC key: its algorithm is called ECDSA in one place and EC
   * in another.
   */
  private static X509Credential credential(String keyFile, String certFile) throws Exception {
    try (InputStream key = new FileInputStream(keyFile); InputStream cert = new FileInputStream(certFile)) {
      return new PEMCredential(key, cert, (char[]) null);
    } catch (KeyStoreException e) {
      String pem = Files.readString(Path.of(keyFile)).replaceAll("-----[A-Z ]+-----|\\s", "");
      var spec = new PKCS8EncodedKeySpec(java.util.Base64.getDecoder().decode(pem));
      var key = KeyFactory.getInstance("EC").generatePrivate(spec);
      try (InputStream cert = new FileInputStream(certFile)) {
        return new KeyAndCertCredential(key, new X509Certificate[] {certificate(cert)});
      }
    }
  }

  private static X509Certificate certificate(InputStream in) throws Exception {
    return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
  }

  private String get(String key) {
    return conf.getProperty(profile + "." + key);
  }

  // --- Sending -------------------------------------------------------------------------------------------------------

  private void send(HttpExchange x, int status, String type, String body, boolean sized) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    Headers h = x.getResponseHeaders();
    // nginx passes on what the front wants otherwise than IAM does it
    String encoding = x.getRequestHeaders().getFirst("X-World-Encoding");
    if ("gzip".equals(encoding)) {
      bytes = gzip(bytes);
      h.set("Content-Encoding", "gzip");
    }
    if (type != null) {
      h.set("Content-Type", type);
    }
    h.set("X-Content-Type-Options", "nosniff");
    h.set("X-XSS-Protection", "1; mode=block");
    h.set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate");
    h.set("Pragma", "no-cache");
    h.set("Expires", "0");
    h.set("X-Frame-Options", "DENY");
    boolean silent = x.getRequestMethod().equals("HEAD") || bytes.length == 0;
    boolean withLength = sized && !"chunked".equals(encoding);
    x.sendResponseHeaders(status, silent ? -1 : withLength ? bytes.length : 0);
    if (!silent) {
      x.getResponseBody().write(bytes);
    }
    x.close();
    Headers q = x.getRequestHeaders();
    String said = body.replaceAll("(?s)<ac>.*?</ac>", "<ac>…</ac>").replaceAll("[\\r\\n]+", " ");
    synchronized (log) {
      log.printf("%s %s %d %s %s | %s | %s | %s%n", Instant.now().truncatedTo(ChronoUnit.SECONDS), profile, status,
          x.getRequestMethod(), x.getRequestURI(), q.getFirst("x-ssl_client_ee_s_dn"), q.getFirst("User-Agent"),
          said.substring(0, Math.min(300, said.length())));
      log.flush();
    }
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private void xml(HttpExchange x, String body) throws IOException {
    send(x, 200, XML, body, true);
  }

  private void spring(HttpExchange x, int status, String reason) throws IOException {
    send(x, status, "application/json", Answers.spring(status, reason, x.getRequestURI().getPath()), false);
  }

  // --- Asking --------------------------------------------------------------------------------------------------------

  /** The pages of IAM itself: all is behind the login. */
  private void web(HttpExchange x) throws IOException {
    if (x.getRequestURI().getPath().equals("/login")) {
      send(x, 200, "text/html;charset=UTF-8", "<!DOCTYPE html>\n<html><head><title>Login</title></head>"
          + "<body>Sign in with your virgo credentials</body></html>\n", true);
    } else {
      x.getResponseHeaders().add("Set-Cookie", "JSESSIONID=" + UUID.randomUUID() + "; Path=/; Secure; HttpOnly");
      x.getResponseHeaders().set("Location", "https://" + x.getRequestHeaders().getFirst("Host") + "/login");
      send(x, 302, null, "", true);
    }
  }

  private void aa(HttpExchange x) throws IOException {
    try {
      x.getRequestBody().readAllBytes();
      String delay = x.getRequestHeaders().getFirst("X-World-Delay");
      if (delay != null) {
        Thread.sleep(Long.parseLong(delay));
      }
      answer(x);
    } catch (Uncaught e) {
      spring(x, 500, "Internal Server Error");
    } catch (Exception e) {
      e.printStackTrace();
      spring(x, 500, "Internal Server Error");
    }
  }

  private static Map<String, String> parameters(HttpExchange x) {
    Map<String, String> parameters = new LinkedHashMap<>();
    String query = x.getRequestURI().getRawQuery();
    for (String pair : query == null ? new String[0] : query.split("&")) {
      String[] words = pair.split("=", 2);
      String value = words.length < 2 ? "" : URLDecoder.decode(words[1], StandardCharsets.UTF_8);
      parameters.merge(URLDecoder.decode(words[0], StandardCharsets.UTF_8), value, (a, b) -> a + "," + b);
    }
    return parameters;
  }

  private static List<Fqan> fqans(String list) {
    List<Fqan> fqans = new ArrayList<>();
    for (String word : list == null ? new String[0] : list.split(",")) {
      if (!word.isBlank()) {
        fqans.add(new Fqan(word.strip()));
      }
    }
    return fqans;
  }

  // --- Answering -----------------------------------------------------------------------------------------------------

  private void answer(HttpExchange x) throws Exception {
    Headers h = x.getRequestHeaders();
    if (!x.getRequestURI().getPath().equals("/generate-ac")) {
      spring(x, 404, "Not Found");
      return;
    }
    if (!isAuthenticated(h)) {
      send(x, 400, null, Answers.error(1006, "Client is not authenticated."), true);
      return;
    }
    if (!Set.of("GET", "HEAD").contains(x.getRequestMethod())) {
      x.getResponseHeaders().set("Allow", "GET");
      spring(x, 405, "Method Not Allowed");
      return;
    }
    String accept = h.getFirst("Accept");
    if (accept != null && !Pattern.compile("(^|,)\\s*(\\*/\\*|text/\\*|text/xml)").matcher(accept).find()) {
      spring(x, 406, "Not Acceptable");
      return;
    }
    Accounts accounts = new Accounts(Path.of(conf.getProperty("accounts")));
    String subject = h.getFirst("x-ssl_client_ee_s_dn");
    String issuer = h.getFirst("x-ssl_client_ee_i_dn");
    Accounts.Account account = accounts.byCertificate.get(subject + " | " + issuer);
    if (account == null) {
      send(x, 403, null, Answers.error(1001, unknown(subject, issuer)), true);
      return;
    }
    Map<String, String> parameters = parameters(x);
    String bad = fault(parameters);
    if (bad != null) {
      xml(x, Answers.error(1006, bad));
      return;
    }
    List<Fqan> wanted = fqans(parameters.get("fqans"));
    Set<String> granted;
    try {
      granted = grant(accounts, account, wanted, subject, issuer);
    } catch (Refused e) {
      boolean old = "voms APIs 2.0".equals(h.getFirst("User-Agent"));
      xml(x, old ? Answers.oldError(e.code, e.getMessage()) : Answers.error(e.code, e.getMessage()));
      return;
    }
    if (!account.aupSigned) {
      String sentence = "User " + account.name + " needs to sign AUP for this organization in order to proceed.";
      xml(x, Answers.error(1004, sentence));
      return;
    }
    // parameters.get("targets") is ignored, as in IAM
    long most = Long.parseLong(get("maxLifetime"));
    String asked = parameters.getOrDefault("lifetime", "").strip();
    long lifetime = asked.isEmpty() ? most : Long.parseLong(asked);
    String warning = "WARNING: " + get("vo") + " : The validity of this VOMS AC in your proxy is shortened to " + most
        + " seconds, which is the maximum allowed by this VOMS server configuration.";
    xml(x, Answers.granted(sign(h, account, granted, Math.min(lifetime, most)), lifetime > most ? warning : null));
  }

  private static boolean isAuthenticated(Headers h) {
    // nginx's VOMS module has no chain after a resumption
    boolean complete = !"r".equals(h.getFirst("X-SSL-Session-Reused"));
    for (String name : REQUIRED) {
      complete &= h.getFirst(name) != null && !h.getFirst(name).isEmpty();
    }
    String verify = h.getFirst("X-SSL-Client-Verify");
    if (complete && (verify == null || !(verify.equals("SUCCESS") || verify.startsWith("FAILED:")))) {
      throw new Uncaught();
    }
    return complete && verify.equals("SUCCESS");
  }

  private static String unknown(String subject, String issuer) {
    return "User unknown to this VO: '" + subject + "' (issued by '" + issuer + "')";
  }

  /** What is wrong with the question; where several things are, the last. */
  private static String fault(Map<String, String> parameters) {
    String fault = null;
    String lifetime = parameters.getOrDefault("lifetime", "").strip();
    try {
      if (!lifetime.isEmpty() && Long.parseLong(lifetime) <= 0) {
        fault = "lifetime must be a positive integer";
      }
    } catch (NumberFormatException e) {
      fault = "Failed to convert property value of type 'java.lang.String' to required type 'java.lang.Long' for property "
          + "'lifetime'; nested exception is java.lang.NumberFormatException: For input string: \"" + lifetime + "\"";
    }
    for (String name : List.of("targets", "fqans")) {
      if (parameters.getOrDefault(name, "").length() > LONGEST_PARAMETER) {
        fault = name + " parameter length is limited to " + LONGEST_PARAMETER + " characters";
      }
    }
    return fault;
  }

  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1;
    final int code;

    Refused(int code, String message) {
      super(message);
      this.code = code;
    }
  }

  private Set<String> grant(Accounts accounts, Accounts.Account account, List<Fqan> wanted, String subject, String issuer)
      throws Refused {
    if (!account.active) {
      throw new Refused(1004, "User '" + subject + ", " + issuer + "' is not active.");
    }
    Set<String> granted = new LinkedHashSet<>();
    Refused first = null;
    for (Fqan fqan : wanted) {
      if (fqan.group == null && !account.groups.isEmpty()) {
        throw new Uncaught();
      }
      if (account.groups.contains(fqan.group) && (!fqan.isRole || accounts.roles.contains(fqan.group))) {
        granted.add(encode(fqan.text, fqan.isRole));
      } else if (first == null) {
        first = new Refused(1007,
            "User is not authorized to request attribute '" + fqan.text + "' or attribute does not exist.");
      }
    }
    for (String group : account.groups) {
      if (accounts.comesByItself(group, get("vo"))) {
        granted.add(encode("/" + group, false));
      }
    }
    if (first != null) {
      throw first;
    }
    if (granted.isEmpty()) {
      throw new Refused(1001, unknown(subject, issuer));
    }
    return granted;
  }

  private String encode(String fqan, boolean isRole) {
    if (!"true".equals(get("legacyFqans"))) {
      return fqan;
    }
    return fqan + (isRole ? "" : "/Role=NULL") + "/Capability=NULL";
  }

  private byte[] sign(Headers h, Accounts.Account account, Set<String> granted, long lifetime) throws Exception {
    List<VOMSGenericAttribute> attributes = new ArrayList<>();
    for (Map.Entry<String, String> entry : account.attributes.entrySet()) {
      VOMSGenericAttributeImpl attribute = new VOMSGenericAttributeImpl();
      attribute.setName(entry.getKey());
      attribute.setValue(entry.getValue());
      attribute.setContext(get("vo"));
      attributes.add(attribute);
    }
    String pem = URLDecoder.decode(h.getFirst("x-ssl_client_ee_cert").replace("+", "%2B"), StandardCharsets.US_ASCII);
    X509Certificate holder = certificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    UUID uuid = UUID.randomUUID();
    ByteBuffer serial = ByteBuffer.allocate(16);
    serial.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
    Instant now = Instant.now();
    synchronized (generator) {
      return generator.generateVOMSAttributeCertificate(new ArrayList<>(granted), attributes, List.of(), holder,
          new BigInteger(serial.array()).abs(), Date.from(now), Date.from(now.plusSeconds(lifetime)), get("vo"), get("host"),
          Integer.parseInt(get("uriPort"))).getEncoded();
    }
  }

  public static void main(String[] args) throws Exception {
    Properties conf = new Properties();
    try (InputStream in = new FileInputStream(args[0])) {
      conf.load(in);
    }
    PrintWriter log = new PrintWriter(new FileWriter(conf.getProperty("log"), StandardCharsets.UTF_8, true));
    try {
      for (String profile : conf.getProperty("profiles").split(" ")) {
        new VomsAa(profile, conf, log);
      }
    } catch (Exception e) {
      e.printStackTrace();
      System.exit(1); // else the servers that run already would keep the process alive
    }
  }
}
