#!/bin/bash
# Draws docs/picture.svg from docs/picture.dot with graphviz: docs/picture.sh > docs/picture.svg
# Colours come from classes, so that the picture is readable on light and on dark ground.
set -euo pipefail
cd "$(dirname "$0")"

style='<style>
.box path, .box polygon, .host path { stroke: #3a4754; fill: #eef2f6 }
.host path { stroke: #1a7f4b; fill: #e6f4ec }
.edge path { stroke: #55636f }
.edge polygon { stroke: #55636f; fill: #55636f }
text { fill: #1c2329; font-family: Helvetica, Arial, sans-serif }
.said text { fill: #44525e }
@media (prefers-color-scheme: dark) {
.box path, .box polygon { stroke: #8b9aa8; fill: #222b33 }
.host path { stroke: #4cc38a; fill: #17301f }
.edge path { stroke: #9aa8b4 }
.edge polygon { stroke: #9aa8b4; fill: #9aa8b4 }
text { fill: #e8edf2 }
.said text { fill: #b6c2cd }
}
</style>'

# Without comments, which name the version of graphviz, and without the white ground and colours of its own.
dot -Tsvg:svg:core picture.dot | perl -0pe '
    BEGIN { $style = shift }
    s/<!--.*?-->\n?//gs;
    s/<\?xml.*?\?>\n//s; s/<!DOCTYPE.*?>\n//s;
    s/<polygon fill="white"[^>]*\/>\n//;
    s/ (fill|stroke)="(black|none)"//g;
    s/ font-family="[^"]*"//g;
    s/(<svg[^>]*>)/$1\n<title>A CA gives alice a certificate; sshd and sudo ask for it, every time.<\/title>\n$style/;
    s/<path(?=[^>]* d="M[^"]*C[^"]*"\/>\n<polygon)/<path fill="none"/g;
' "$style"
