// Preloaded into the daemons of this world (not into the "stock" one), because two things don't work in the
// voms packages of Debian 12:
//
// - REST gives no answer. The daemon calls gSOAP's HTTP parser and expects it to run the GET handler. Newer gSOAP
//   parses only: it returns SOAP_OK, notes SOAP_GET as the status, and the handler is for the caller to run.
// - Generic attributes have empty values. The MySQL plugin takes a set MYSQL_BIND::is_null, a pointer, for "is NULL".
//   MariaDB's client library sets that pointer to a flag of its own if the caller has left it unset.
#include <dlfcn.h>
#include <mysql.h>
#include <stdsoap2.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

template <class F> static F *lookup(void *library, const char *symbol) {
  return reinterpret_cast<F *>(dlsym(library, symbol));
}

static int (*parse)(struct soap *); // gSOAP's own parser

static int parse_and_handle(struct soap *s) {
  int rc = parse(s);
  if (rc == SOAP_OK && s->status == SOAP_GET && s->fget) rc = s->fget(s);
  return rc;
}

// Every struct soap comes from here. The name has the library's version appended by a macro.
SOAP_FMAC1 struct soap *SOAP_FMAC2 soap_versioning(soap_new)(soap_mode in, soap_mode out) {
  static auto *original = lookup<struct soap *(soap_mode, soap_mode)>(RTLD_NEXT, TEXT(soap_versioning(soap_new)));
  struct soap *s = original(in, out);
  if (s) {
    parse = s->fparse;
    s->fparse = parse_and_handle;
  }
  return s;
}

extern "C" int STDCALL mysql_stmt_fetch_column(MYSQL_STMT *statement, MYSQL_BIND *bind, unsigned int column,
                                               unsigned long offset) {
  // RTLD_NEXT would not find it: the plugin, and with it the client library, is loaded RTLD_LOCAL.
  static auto *original = lookup<int(MYSQL_STMT *, MYSQL_BIND *, unsigned int, unsigned long)>(
      dlopen("libmariadb.so.3", RTLD_LAZY | RTLD_NOLOAD), "mysql_stmt_fetch_column");
  my_bool null = 0;
  bind->is_null = &null;
  int rc = original(statement, bind, column, offset);
  bind->is_null_value = null;
  bind->is_null = null ? &bind->is_null_value : nullptr;
  return rc;
}
