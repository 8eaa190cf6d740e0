import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.BufferSupplier;

/** Prints test/golden/kafka-compacted.json: what the filter of Apache Kafka's log cleaner leaves of the batches of kafka-batches.json (its first argument), every other record going. */
public class CompactedBatches {
  public static void main(String[] args) throws Exception {
    List<String> lines = new ArrayList<>();
    Matcher found = Pattern.compile("\"name\": \"([^\"]*)\".*?\"base64\": \"([^\"]*)\"", Pattern.DOTALL).matcher(Files.readString(Path.of(args[0])));
    while (found.find()) {
      MemoryRecords given = MemoryRecords.readableRecords(ByteBuffer.wrap(Base64.getDecoder().decode(found.group(2))));
      MemoryRecords.FilterResult result = given.filterTo(new EveryOther(), ByteBuffer.allocate(4096), BufferSupplier.NO_CACHING);
      ByteBuffer left = result.outputBuffer();
      left.flip();
      byte[] bytes = new byte[left.remaining()];
      left.get(bytes);
      lines.add("    { \"name\": \"" + found.group(1) + "\", \"base64\": \"" + Base64.getEncoder().encodeToString(bytes) + "\" }");
    }
    System.out.println("{\n  \"writtenBy\": \"Apache Kafka " + AppInfoParser.getVersion() + ", org.apache.kafka.common.record.internal.MemoryRecords.filterTo\",");
    System.out.println("  \"batches\": [\n" + String.join(",\n", lines) + "\n  ]\n}");
  }

  /** Keeps the records at even places of a batch. */
  static class EveryOther extends MemoryRecords.RecordFilter {
    EveryOther() {
      super(0, 0);
    }

    @Override
    protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
      return new BatchRetentionResult(BatchRetention.DELETE_EMPTY, false);
    }

    @Override
    protected boolean shouldRetainRecord(RecordBatch batch, Record record) {
      return (record.offset() - batch.baseOffset()) % 2 == 0;
    }
  }
}
