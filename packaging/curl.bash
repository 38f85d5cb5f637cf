# curl as a browser, for the scripts that sign in: .ci/run and the tests of the packages. They set `authority`, the file of
# the certificate authority, and `temporary`, a folder for the cookies.
# shellcheck shell=bash disable=SC2154

# The page's form with the fields that it hides, filled in and sent: sign_in HOME NAME PASSWORD.
sign_in() {
  local fields=() field
  ask --output "$temporary/page" "$1/.vestibule/sign-in"
  while read -r field; do fields+=(--data-urlencode "$field"); done < <(hidden_fields <"$temporary/page")
  expect 303 "$1/.vestibule/sign-in" --header "Origin: $1" "${fields[@]}" \
    --data-urlencode "username=$2" --data-urlencode "password=$3"
}
hidden_fields() {
  python3 -c '
import html.parser, sys
class Form(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        field = dict(attributes)
        if tag == "input" and field.get("type") == "hidden": print(field["name"] + "=" + (field.get("value") or ""))
Form().feed(sys.stdin.read())'
}
ask() {
  curl --silent --show-error --fail --max-time 10 --noproxy '*' --cacert "$authority" \
    --cookie "$temporary/cookies" --cookie-jar "$temporary/cookies" "$@"
}
expect() {
  local wanted=$1 got
  shift
  got=$(ask --no-fail --output "$temporary/body" --write-out '%{http_code}' "$@")
  [ "$got" = "$wanted" ] || { echo "$1: $got instead of $wanted: $(cat "$temporary/body")"; return 1; }
  echo "$1: $got"
}
# Until something answers there, or half a minute has gone: wait_for URL PROCESS.
wait_for() {
  local deadline=$((SECONDS + 30))
  until [ -e "$authority" ] && ask --output /dev/null "$1" 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || { echo "$1: the server has ended"; return 1; }
    [ "$SECONDS" -lt "$deadline" ] || { echo "$1: no answer"; return 1; }
    sleep 0.1
  done
}
