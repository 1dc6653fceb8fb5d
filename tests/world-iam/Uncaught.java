/** What IAM does not catch: Spring answers with status 500. */
final class Uncaught extends RuntimeException {
  private static final long serialVersionUID = 1;
}
