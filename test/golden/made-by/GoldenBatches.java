import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.Utils;

/** Prints test/golden/kafka-batches.json: batches as Apache Kafka's own classes write them, and what is in them. */
public class GoldenBatches {
  record Rec(long timestamp, byte[] key, byte[] value, Header[] headers) {}

  static final List<String> batches = new ArrayList<>();

  public static void main(String[] args) {
    List<Rec> small = small();
    List<Rec> large = large();
    for (Compression codec : codecs()) {
      batch("small " + codec.type().name, small, codec, TimestampType.CREATE_TIME, 0, -1, -1, -1, false);
      if (codec != Compression.NONE) batch("large " + codec.type().name, large, codec, TimestampType.CREATE_TIME, 0, -1, -1, -1, false);
    }
    batch("one record", small.subList(0, 1), Compression.NONE, TimestampType.CREATE_TIME, 0, -1, -1, -1, false);
    batch("idempotent producer", small, Compression.NONE, TimestampType.CREATE_TIME, 0, 9007199254740993L, 7, 2147483640, false);
    batch("transactional", small, Compression.NONE, TimestampType.CREATE_TIME, 0, 4, 0, 0, true);
    batch("base offset", small, Compression.NONE, TimestampType.CREATE_TIME, 1099511627776L, -1, -1, -1, false);
    batch("log append time", small, Compression.NONE, TimestampType.LOG_APPEND_TIME, 5, -1, -1, -1, false);
    batch("no timestamp", List.of(new Rec(-1, utf8("k"), utf8("v"), new Header[0])), Compression.NONE, TimestampType.CREATE_TIME, 0, -1, -1, -1, false);
    MemoryRecords control = MemoryRecords.withEndTransactionMarker(4, (short) 0, new EndTransactionMarker(ControlRecordType.COMMIT, 3));
    System.out.println("{\n  \"writtenBy\": \"Apache Kafka " + AppInfoParser.getVersion() + ", org.apache.kafka.common.record.internal.MemoryRecordsBuilder\",");
    System.out.println("  \"batches\": [\n" + String.join(",\n", batches) + "\n  ],");
    System.out.println("  \"control\": " + base64(control.buffer()) + ",");
    System.out.println("  \"murmur2\": [" + murmur() + "]\n}");
  }

  static List<Compression> codecs() {
    return List.of(Compression.NONE, Compression.gzip().build(), Compression.snappy().build(), Compression.lz4().build(), Compression.zstd().build());
  }

  static List<Rec> small() {
    List<Rec> records = new ArrayList<>();
    records.add(new Rec(1700000000000L, utf8("key-1"), utf8("value one"), new Header[0]));
    records.add(new Rec(1700000000005L, null, utf8("no key"), new Header[] {header("trace", utf8("abc")), header("trace", null), header("größe-日本-🦀", new byte[0])}));
    records.add(new Rec(1699999990000L, utf8("tombstone"), null, new Header[0]));
    records.add(new Rec(1700090000000L, new byte[0], new byte[0], new Header[] {header("", utf8("empty name"))}));
    records.add(new Rec(1700000000000L + 40L * 86400000L, bytes(70), bytes(300), new Header[0]));
    for (int i = 0; i < 70; i++) records.add(new Rec(1700000000000L + i, utf8("k" + i), utf8("v".repeat(i % 5)), new Header[0]));
    return records;
  }

  /** Several blocks of every codec, with long and short matches and some bytes that do not compress. */
  static List<Rec> large() {
    List<Rec> records = new ArrayList<>();
    records.add(new Rec(1700000000000L, utf8("zeros"), new byte[150_000], new Header[0]));
    records.add(new Rec(1700000000001L, utf8("noise"), noise(3000), new Header[0]));
    records.add(new Rec(1700000000002L, utf8("text"), utf8("The quick brown fox jumps over the lazy dog. ".repeat(2000)), new Header[0]));
    return records;
  }

  static void batch(String name, List<Rec> records, Compression codec, TimestampType type, long base, long pid, int epoch, int sequence, boolean transactional) {
    MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1024), (byte) 2, codec, type, base, 1750000000000L, pid, (short) epoch, sequence, transactional, -1);
    List<String> out = new ArrayList<>();
    for (int i = 0; i < records.size(); i++) {
      Rec record = records.get(i);
      builder.append(record.timestamp, record.key, record.value, record.headers);
      List<String> headers = new ArrayList<>();
      for (Header header : record.headers) headers.add("[" + base64(utf8(header.key())) + ", " + base64(header.value()) + "]");
      out.add("        { \"timestampMs\": " + record.timestamp + ", \"key\": " + base64(record.key) + ", " + value(record) + ", \"headers\": [" + String.join(", ", headers) + "] }");
    }
    MemoryRecords built = builder.build();
    String recordsJson = name.startsWith("small") && codec != Compression.NONE ? "\"small none\"" : "[\n" + String.join(",\n", out) + "\n      ]";
    if (!name.startsWith("small") && !name.startsWith("large") && records.size() > 1) recordsJson = "\"small none\"";
    if (name.startsWith("large") && !name.equals("large gzip")) recordsJson = "\"large gzip\"";
    batches.add("    {\n      \"name\": \"" + name + "\",\n      \"base64\": " + base64(built.buffer()) + ",\n      \"records\": " + recordsJson + "\n    }");
  }

  /** Large values by their CRC-32C, to keep the file small. */
  static String value(Rec record) {
    if (record.value == null || record.value.length < 1000) return "\"value\": " + base64(record.value);
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(record.value);
    return "\"valueBytes\": " + record.value.length + ", \"valueCrc32c\": " + crc.getValue();
  }

  static String murmur() {
    List<String> out = new ArrayList<>();
    for (String key : List.of("", "a", "ab", "abc", "abcd", "21", "foobar", "a-little-bit-long-string", "a-little-bit-longer-string", "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", "größe-日本-🦀")) {
      out.add("\n    [" + base64(utf8(key)) + ", " + Utils.murmur2(utf8(key)) + ", " + Utils.toPositive(Utils.murmur2(utf8(key))) % 7 + "]");
    }
    return String.join(",", out) + "\n  ";
  }

  static Header header(String key, byte[] value) {
    return new RecordHeader(key, value);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] bytes(int count) {
    byte[] made = new byte[count];
    for (int i = 0; i < count; i++) made[i] = (byte) (i * 7);
    return made;
  }

  static byte[] noise(int count) {
    byte[] made = new byte[count];
    new java.util.Random(42).nextBytes(made);
    return made;
  }

  static String base64(byte[] bytes) {
    return bytes == null ? "null" : "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
  }

  static String base64(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return base64(bytes);
  }
}
