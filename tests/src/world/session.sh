# Runs in a login over ssh: reads names of folders from stdin, sources FOLDER/command, answers its exit code.
# Sourced, not run, so that sudo sees one parent process, whose cached timestamps it finds again without a terminal.
if [ -t 0 ]; then
    stty -echo -onlcr
    input=/dev/tty
else
    input=/dev/null
fi
printf '\001ready\001'
while read -r folder; do
    . "$folder/command" <$input >"$folder/stdout" 2>"$folder/stderr"
    printf '\001%d\001' $?
done
