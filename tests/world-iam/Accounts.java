import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The accounts file: a keyword and its value a line, as aa.sh writes it. */
final class Accounts {
  static final class Account {
    String name;
    boolean active = true;
    boolean aupSigned = true;
    final Set<String> groups = new TreeSet<>();
    final Map<String, String> attributes = new LinkedHashMap<>();
  }

  /** By "SUBJECT | ISSUER". */
  final Map<String, Account> byCertificate = new LinkedHashMap<>();
  final Set<String> optional = new LinkedHashSet<>();
  final Set<String> roles = new LinkedHashSet<>();

  Accounts(Path file) throws IOException {
    Account account = null;
    for (String line : Files.readAllLines(file)) {
      String[] words = line.strip().split("\\s+", 2);
      if (words.length < 2 || words[0].startsWith("#")) {
        continue;
      }
      String value = words[1];
      switch (words[0]) {
        case "optional" -> optional.add(value);
        case "role" -> roles.add(value);
        case "account" -> {
          account = new Account();
          account.name = value;
        }
        case "certificate" -> byCertificate.put(value, account);
        case "group" -> account.groups.add(value);
        case "attribute" -> account.attributes.put(value.split("=", 2)[0], value.split("=", 2)[1]);
        case "active" -> account.active = value.equals("yes");
        case "aup" -> account.aupSigned = value.equals("signed");
        default -> throw new IOException("accounts: " + line);
      }
    }
  }

  /** Whether a group is had without being asked for. */
  boolean comesByItself(String group, String vo) {
    boolean ofTheVo = group.equals(vo) || group.startsWith(vo + "/");
    return ofTheVo && !roles.contains(group) && !optional.contains(group);
  }
}
