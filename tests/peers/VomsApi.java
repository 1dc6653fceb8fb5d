import eu.emi.security.authn.x509.ValidationResult;
import eu.emi.security.authn.x509.X509CertChainValidatorExt;
import eu.emi.security.authn.x509.impl.CertificateUtils;
import eu.emi.security.authn.x509.impl.CertificateUtils.Encoding;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.italiangrid.voms.VOMSValidators;
import org.italiangrid.voms.ac.VOMSACValidator;
import org.italiangrid.voms.ac.VOMSValidationResult;
import org.italiangrid.voms.store.VOMSTrustStores;
import org.italiangrid.voms.util.CertificateValidatorBuilder;

/**
 * What voms-api-java and canl say of credentials, and how fast: the chain by canl, then every attribute certificate in it. Both
 * with the defaults of voms-api-java: CA files by MD5 names, revocation lists where there are any, namespaces. Usage:
 *
 * <pre>
 * VomsApi verdict CERTDIR VOMSDIR                       file names on stdin, one verdict a line on stdout;
 *                                                       behind a name, two other directories after tabs
 * VomsApi bench CERTDIR VOMSDIR FILE SECONDS THREADS    prints: count wall_seconds cpu_seconds
 * </pre>
 */
public final class VomsApi {
  /** Seconds of the processor, since a busy machine leaves a JVM cold after as many of the clock. */
  private static final double WARM_UP = 10;

  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", Pattern.DOTALL);

  private final X509CertChainValidatorExt chains;
  private final VOMSACValidator attributes;

  private VomsApi(String certdir, String vomsdir) {
    chains = new CertificateValidatorBuilder().trustAnchorsDir(certdir).build();
    attributes = VOMSValidators.newValidator(VOMSTrustStores.newTrustStore(List.of(vomsdir)), chains);
  }

  public static void main(String[] words) throws Exception {
    if (words.length == 3 && words[0].equals("verdict")) {
      verdicts(words[1], words[2]);
    } else if (words.length == 6 && words[0].equals("bench")) {
      X509Certificate[] chain = load(words[3]);
      VomsApi api = new VomsApi(words[1], words[2]);
      int threads = Integer.parseInt(words[5]);
      for (double started = processorTime(); processorTime() - started < WARM_UP * 1e9; ) {
        api.run(chain, 1, threads);
      }
      System.out.println(api.run(chain, Double.parseDouble(words[4]), threads));
    } else {
      System.err.println("usage: VomsApi verdict CERTDIR VOMSDIR | bench CERTDIR VOMSDIR FILE SECONDS THREADS");
      System.exit(2);
    }
    // The trust stores keep threads of their own.
    System.exit(0);
  }

  /** The certificates as a TLS library would hand them over, whatever else is in the file. */
  private static X509Certificate[] load(String file) throws IOException {
    String text = Files.readString(Path.of(file), StandardCharsets.ISO_8859_1);
    List<X509Certificate> chain = new ArrayList<>();
    for (var block : CERTIFICATE.matcher(text).results().toList()) {
      byte[] der = Base64.getMimeDecoder().decode(block.group(1));
      chain.add(CertificateUtils.loadCertificate(new ByteArrayInputStream(der), Encoding.DER));
    }
    return chain.toArray(X509Certificate[]::new);
  }

  private String judge(X509Certificate[] chain) {
    Set<String> errors = new LinkedHashSet<>();
    ValidationResult path = chains.validate(chain);
    path.getErrors().forEach(error -> errors.add(error.getErrorCode().name()));
    if (!path.isValid() && errors.isEmpty()) {
      errors.add("invalid");
    }
    StringBuilder accepted = new StringBuilder("accept");
    for (VOMSValidationResult ac : attributes.validateWithResult(chain)) {
      if (ac.isValid()) {
        ac.getAttributes().getFQANs().forEach(fqan -> accepted.append(' ').append(fqan));
      } else {
        ac.getValidationErrors().forEach(error -> errors.add(error.getErrorCode().name()));
      }
    }
    return errors.isEmpty() ? accepted.toString() : "reject " + String.join(" ", errors);
  }

  private static void verdicts(String certdir, String vomsdir) throws IOException {
    VomsApi api = null;
    String current = null;
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] fields = line.split("\t");
      String[] directories = fields.length == 3 ? new String[] {fields[1], fields[2]} : new String[] {certdir, vomsdir};
      String wanted = String.join("\t", directories);
      String verdict;
      try {
        if (!wanted.equals(current)) {
          current = null;
          if (api != null) {
            api.attributes.shutdown();
            api.chains.dispose();
          }
          // Within, since directories may be such that there is no validator for them.
          api = null;
          api = new VomsApi(directories[0], directories[1]);
          current = wanted;
        }
        X509Certificate[] chain = load(fields[0]);
        verdict = chain.length == 0 ? "reject UNREADABLE" : api.judge(chain);
      } catch (IOException error) {
        verdict = "reject UNREADABLE";
      } catch (Exception | StackOverflowError | OutOfMemoryError error) {
        verdict = "reject EXCEPTION " + error.getClass().getSimpleName();
      }
      System.out.println(verdict.replaceAll("\\p{Cntrl}", " "));
    }
  }

  /** Verifies again and again; the count, seconds of the clock and of the processor. */
  private String run(X509Certificate[] chain, double seconds, int threads) throws InterruptedException {
    AtomicLong count = new AtomicLong();
    AtomicReference<String> failure = new AtomicReference<>();
    long cpu = processorTime();
    long started = System.nanoTime();
    Runnable work =
        () -> {
          while (failure.get() == null && System.nanoTime() - started < seconds * 1e9) {
            String verdict = judge(chain);
            if (verdict.startsWith("accept /")) {
              count.incrementAndGet();
            } else {
              failure.set(verdict);
            }
          }
        };
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(new Thread(work));
    }
    workers.forEach(Thread::start);
    for (Thread worker : workers) {
      worker.join();
    }
    if (failure.get() != null) {
      System.err.println("not accepted: " + failure.get());
      System.exit(1);
    }
    return count.get() + " " + (System.nanoTime() - started) / 1e9 + " " + (processorTime() - cpu) / 1e9;
  }

  private static long processorTime() {
    var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return system.getProcessCpuTime();
  }
}
