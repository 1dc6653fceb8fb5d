/* What the consumers of this directory share: a chain as services get it, and a line for each verdict. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chain {
  X509 *leaf;
  STACK_OF(X509) * others;
};

static inline int load_chain(const char *path, struct chain *chain) {
  FILE *file = fopen(path, "r");
  X509 *one;
  chain->leaf = NULL;
  chain->others = sk_X509_new_null();
  if (!file) return 0;
  while ((one = PEM_read_X509(file, NULL, NULL, NULL))) {
    if (!chain->leaf) chain->leaf = one;
    else sk_X509_push(chain->others, one);
  }
  ERR_clear_error();
  fclose(file);
  return chain->leaf != NULL;
}

static inline void free_chain(struct chain *chain) {
  X509_free(chain->leaf);
  sk_X509_pop_free(chain->others, X509_free);
}

/* The next request on standard input: vomsdir, CA directory, time and file, with tabs between. */
static inline int next_request(char *line, int size, char *words[4]) {
  int i;
  if (!fgets(line, size, stdin)) return 0;
  line[strcspn(line, "\n")] = 0;
  for (i = 0; i < 4; i++) {
    words[i] = strtok(i ? NULL : line, "\t");
    if (!words[i]) exit(2);
  }
  return 1;
}
