import java.util.regex.Pattern;

/** An FQAN as IAM's patterns take it: a group, a role, a group with a role, or a capability. */
final class Fqan {
  private static final String NAME = "[A-Za-z0-9_.-]+";
  private static final Pattern GROUP = Pattern.compile("(/" + NAME + ")+");
  private static final Pattern ROLE = Pattern.compile("((/" + NAME + ")+)/Role=(" + NAME + ")");
  private static final Pattern LONELY = Pattern.compile("Role=" + NAME + "|Capability=[A-Za-z0-9_\\s.-]+");
  private static final int LONGEST = 255;

  final String text;
  /** IAM's name of the group: no slash at the front, and a role is a group too. Null for a role without a group. */
  final String group;
  final boolean isRole;

  Fqan(String text) {
    this.text = text;
    var role = ROLE.matcher(text);
    isRole = role.matches();
    boolean known = isRole || GROUP.matcher(text).matches() || LONELY.matcher(text).matches();
    if (text.length() > LONGEST || !known) {
      throw new Uncaught();
    }
    if (isRole) {
      group = role.group(1).substring(1) + "/" + role.group(3);
    } else {
      group = text.startsWith("Role=") ? null : text.substring(1);
    }
  }
}
