import java.util.Base64;
import org.xerial.snappy.Snappy;

/** Prints test/golden/raw-snappy.json: one Snappy block without framing. */
public class RawSnappy {
  public static void main(String[] args) throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 400; i++) text.append("record ").append(i * 7919 % 1000).append(" of a log; ");
    byte[] packed = Snappy.compress((text + "=".repeat(70000) + text).getBytes("UTF-8"));
    System.out.println("{ \"writtenBy\": \"snappy-java " + Snappy.getNativeLibraryVersion() + "\", \"base64\": \"" + Base64.getEncoder().encodeToString(packed) + "\" }");
  }
}
