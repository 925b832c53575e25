// Prints the latest champion forecast of every series, one JSON object a line, and ends.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type champion struct {
	Model string   `json:"model"`
	Yhat  *float64 `json:"yhat"`
	Lower *float64 `json:"lower"`
	Upper *float64 `json:"upper"`
}

type best struct {
	Topic    string    `json:"topic"`
	Series   string    `json:"series"`
	I        int64     `json:"i"`
	Champion *champion `json:"champion"`
	Asked    *float64  `json:"asked"`
}

type key struct{ from, topic, series string }

type forecast struct {
	From   string `json:"from"`
	Topic  string `json:"topic"`
	Series string `json:"series"`
	I      int64  `json:"i"`
	champion
}

// readToEnd hands over every record that the topics hold now.
func readToEnd(ctx context.Context, brokers string, topics []string, take func(*kgo.Record)) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(brokers, ",")...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// The last record of a partition is mostly the end of a transaction.
		kgo.KeepControlRecords(),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, topics...)
	if err != nil {
		return err
	}
	ends, err := admin.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return err
	}
	left := map[string]map[int32]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		if start, ok := starts.Lookup(end.Topic, end.Partition); !ok || end.Err != nil || start.Offset >= end.Offset {
			return
		}
		if left[end.Topic] == nil {
			left[end.Topic] = map[int32]int64{}
		}
		left[end.Topic][end.Partition] = end.Offset
	})
	count := 0
	for _, partitions := range left {
		count += len(partitions)
	}
	for count > 0 {
		fetches := client.PollFetches(ctx)
		if errs := fetches.Errors(); len(errs) > 0 {
			return errs[0].Err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			if !record.Attrs.IsControl() {
				take(record)
			}
			if end, ok := left[record.Topic][record.Partition]; ok && record.Offset+1 >= end {
				delete(left[record.Topic], record.Partition)
				count--
			}
		})
	}
	return nil
}

func main() {
	brokers := os.Getenv("KAFKA_BROKERS")
	if brokers == "" {
		brokers = "127.0.0.1:9092"
	}
	latest := map[key]best{}
	err := readToEnd(context.Background(), brokers, []string{"rls-best", "ml-best"}, func(record *kgo.Record) {
		var b best
		if err := json.Unmarshal(record.Value, &b); err != nil {
			log.Fatal(err)
		}
		// A label has the forecast of its question once more.
		if b.Champion != nil && b.Asked == nil {
			latest[key{record.Topic, b.Topic, b.Series}] = b
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	for of, b := range latest {
		if err := out.Encode(forecast{of.from, of.topic, of.series, b.I, *b.Champion}); err != nil {
			log.Fatal(err)
		}
	}
}
