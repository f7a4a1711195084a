# Sourced: the commands of a page, as they stand there.

# Fenced blocks that begin with these words, the one with this number.
block() {
    local found
    found=$(awk -v fence="\`\`\`$2" -v wanted="$3" '
        $0 == fence { inside = 1; number++; next }
        /^```/ { inside = 0 }
        inside && number == wanted' "$1")
    [ -n "$found" ] || fail "$1 has no block $3 of $2"
    printf '%s\n' "$found"
}

# follow PAGE PLACE NUMBER
follow() { bash -euc "$(block "$1" "sh $2" "$3")"; }
