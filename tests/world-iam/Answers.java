import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.commons.codec.binary.Base64;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** The bodies of IAM's answers, made by what IAM makes them with. */
final class Answers {
  private static final DateTimeFormatter TIMESTAMP = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'+00:00'");

  private Answers() {}

  static String granted(byte[] ac, String warning) throws Exception {
    // its lines end in CR LF, and the transformer writes the CR as &#13;
    List<String[]> parts = new ArrayList<>();
    parts.add(new String[] {"ac", new Base64(64).encodeToString(ac)});
    if (warning != null) {
      parts.add(new String[] {"warning", warning});
    }
    return xml("voms", parts);
  }

  static String error(int code, String message) throws Exception {
    return xml("voms", List.of(new String[] {"error/code", "" + code}, new String[] {"error/message", message}));
  }

  /** For clients that call themselves "voms APIs 2.0". */
  static String oldError(int code, String message) throws Exception {
    return xml("vomsans", List.of(new String[] {"version", "3"}, new String[] {"error/item/number", "" + code},
        new String[] {"error/item/message", message}, new String[] {"ac", "QQ==\n"}));
  }

  /** As Spring Boot reports an error to clients that do not ask for HTML. */
  static String spring(int status, String reason, String path) {
    String now = TIMESTAMP.format(Instant.now().atOffset(ZoneOffset.UTC));
    return String.format("{\"timestamp\":\"%s\",\"status\":%d,\"error\":\"%s\",\"path\":\"%s\"}", now, status, reason, path);
  }

  /** A document from pairs of path and text. */
  private static String xml(String root, List<String[]> parts) throws Exception {
    Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().newDocument();
    Element top = document.createElement(root);
    document.appendChild(top);
    for (String[] part : parts) {
      String[] steps = part[0].split("/");
      Element at = top;
      for (int i = 0; i < steps.length - 1; i++) {
        var last = at.getLastChild();
        if (last == null || !last.getNodeName().equals(steps[i])) {
          last = at.appendChild(document.createElement(steps[i]));
        }
        at = (Element) last;
      }
      at.appendChild(document.createElement(steps[steps.length - 1])).appendChild(document.createTextNode(part[1]));
    }
    StringWriter text = new StringWriter();
    TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(text));
    return text.toString();
  }
}
