// Reads each line of standard input as {"query": ...} or {"body": ...}, and says what Go's parsers take for the entity.
package main

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
)

type asked struct {
	Query *string  `json:"query"`
	Body  string   `json:"body"`
	At    []string `json:"at"`
}

// Go's own decoder of structures folds case.
type place struct {
	EntityID any `json:"entity_id"`
	Target   struct {
		EntityID any `json:"entity_id"`
	} `json:"target"`
}

func texts(value any) []string {
	all := []string{}
	switch value := value.(type) {
	case nil:
	case string:
		all = append(all, value)
	case []any:
		for _, one := range value {
			all = append(all, texts(one)...)
		}
	case map[string]any:
		for _, one := range value {
			all = append(all, texts(one)...)
		}
	default:
		text, _ := json.Marshal(value)
		all = append(all, string(text))
	}
	return all
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var it asked
		if err := json.Unmarshal(lines.Bytes(), &it); err != nil {
			panic(err)
		}
		said := map[string][]string{}
		if it.Query != nil {
			// What it could read is there beside the error, and `URL.Query` gives just that.
			values, _ := url.ParseQuery(*it.Query)
			said["net/url"] = append([]string{}, values["entity_id"]...)
		} else {
			var read place
			_ = json.Unmarshal([]byte(it.Body), &read)
			if len(it.At) == 1 {
				said["encoding/json"] = texts(read.EntityID)
			} else {
				said["encoding/json"] = texts(read.Target.EntityID)
			}
		}
		line, _ := json.Marshal(said)
		_, _ = out.Write(append(line, '\n'))
	}
}
