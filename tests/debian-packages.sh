# Sourced by run.sh and debian13.sh: what the tests need of Debian, in $packages. The names are those of 12 and 13.

packages=(
    ca-certificates git gcc g++ libc6-dev libpam0g-dev        # to build, g++ for the fuzzer
    libpcsclite-dev pkg-config                            # to build ca-tool
    openssh-client openssh-server sudo opendoas login     # what the rig runs
    dbus polkitd pkexec                                   # and what else has a PAM stack
    pcscd vsmartcard-vpcd                                 # where its YubiKeys are plugged in
    ykcs11 opensc-pkcs11 opensc yubico-piv-tool yubikey-manager # what else uses them
    softhsm2                                              # another token
    iproute2 procps util-linux perl-base                  # what it runs them with
    binutils valgrind strace                              # what looks into the module and ca-tool
    openssl mandoc man-db                                 # what judges attestations and man pages
    graphviz libpam-ssh-agent-auth                        # the README's picture; what people come from
    curl systemd                                          # what fetches lists, and what judges the units
    jq                                                    # what the manual's examples hand ca-tool's JSON to
)

package_tools=( # for tests/packages.sh
    debootstrap # makes the Debians it installs them on
    debhelper rpm lintian rpmlint # make and judge them
)
