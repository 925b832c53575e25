import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints the latest champion forecast of every series, one JSON object a line, and ends. */
public class LatestForecasts {
  record Champion(String model, Double yhat, Double lower, Double upper) {}

  record Best(String topic, String series, long i, Champion champion, Double asked) {}

  record Forecast(
      String from, String topic, String series, long i, String model, Double yhat, Double lower, Double upper) {}

  private static final List<String> TOPICS = List.of("rls-best", "ml-best");
  private static final Gson GSON = new GsonBuilder().serializeNulls().create();

  public static void main(String[] args) {
    var brokers = Objects.requireNonNullElse(System.getenv("KAFKA_BROKERS"), "127.0.0.1:9092");
    var settings = Map.<String, Object>of("bootstrap.servers", brokers, "isolation.level", "read_committed");
    var latest = new LinkedHashMap<List<String>, Forecast>();
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      var topics = consumer.listTopics();
      var partitions =
          TOPICS.stream()
              .flatMap(topic -> topics.getOrDefault(topic, List.of()).stream())
              .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      var ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) {
          var best = GSON.fromJson(record.value(), Best.class);
          // A label has the forecast of its question once more.
          if (best.champion() == null || best.asked() != null) continue;
          latest.put(List.of(record.topic(), best.topic(), best.series()), forecastOf(record.topic(), best));
        }
      }
    }
    for (var forecast : latest.values()) System.out.println(GSON.toJson(forecast));
  }

  private static Forecast forecastOf(String from, Best best) {
    var champion = best.champion();
    return new Forecast(
        from,
        best.topic(),
        best.series(),
        best.i(),
        champion.model(),
        champion.yhat(),
        champion.lower(),
        champion.upper());
  }
}
