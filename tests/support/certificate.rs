//! A certificate for an address of this machine, from an authority made for the test.

/// Lines for a shell: in the folder where they run, `authority.pem`, and `server.pem` with `server.key` for the address `$2`.
pub(crate) const MAKE: &str = r#"
key() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@" 2>/dev/null; }
key -x509 -subj "/CN=an authority" -days 2 -keyout authority.key -out authority.pem
key -subj "/CN=a server" -keyout server.key -out server.csr
echo "subjectAltName = IP:$2" >names
openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
  -extfile names -out server.pem 2>/dev/null
"#;
