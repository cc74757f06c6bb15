# install_missing <package>...: on Debian installs the packages that are not there, as root or with sudo; elsewhere does
# nothing. Sourced by the scripts that set everything up.
install_missing() {
  command -v dpkg-query >/dev/null || return 0
  missing=""
  for package in "$@"; do
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" in
      *"ok installed") ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  echo "installing$missing" >&2
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
  fi
  # shellcheck disable=SC2086 # a list of words
  $as_root apt-get -qq update &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >/dev/null
}
