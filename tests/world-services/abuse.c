/* What no caller should do, and what a busy service does all the time: abuse LIBRARY VOMSDIR CERTDIR TIME PROXY TIMES. Says what broke;
 * 0 if nothing did. VOMSDIR is moved away for a moment. */
#include "consumer.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include <voms/voms_apic.h>

static struct vomsdata *(*init)(char *, char *);
static void (*destroy)(struct vomsdata *);
static int (*retrieve)(X509 *, STACK_OF(X509) *, int, struct vomsdata *, int *);
static int (*from_file)(FILE *, int, struct vomsdata *, int *);
static char *(*message)(struct vomsdata *, int, char *, int);
static int (*settype)(int, struct vomsdata *, int *);
static int (*settime)(time_t, struct vomsdata *, int *);
static int (*sources)(struct voms *, struct vomsdata *, int *);
static int (*attribute)(struct voms *, int, int, struct attribute *, struct vomsdata *, int *);
static struct voms *(*copy)(struct voms *, int *);
static void (*delete)(struct voms *);

static char *vomsdir, *certdir;
static const char *proxy;
static time_t when;

static void broken(const char *what) {
  printf("broken: %s\n", what);
  fflush(stdout);
  _exit(1);
}
#define IS(condition) do { if (!(condition)) broken(#condition); } while (0)

static struct vomsdata *session(void) {
  int error = 0;
  struct vomsdata *vd = init(vomsdir, certdir);
  IS(vd != NULL);
  IS(settime(when, vd, &error));
  return vd;
}

/* The code of one retrieval, 0 if it succeeds. */
static int code_of(X509 *leaf, STACK_OF(X509) *others) {
  int error = 77, ok;
  struct vomsdata *vd = session();
  ok = retrieve(leaf, others, RECURSE_CHAIN, vd, &error);
  if (!ok) {
    char *why = message(vd, error, NULL, 0);
    IS(why && *why);
    free(why);
  } else IS(error == 77); /* on success it is the caller's */
  destroy(vd);
  return ok ? 0 : error;
}

static void nulls(struct chain *c) {
  int error = 0;
  struct attribute a;
  struct vomsdata *vd = session();
  destroy(NULL);
  delete(NULL);
  IS(!message(NULL, 5, NULL, 0));
  IS(!settype(0, NULL, &error) && error == VERR_PARAM);
  error = 0;
  IS(!retrieve(NULL, c->others, RECURSE_CHAIN, vd, &error) && error == VERR_PARAM);
  error = 0;
  IS(!retrieve(c->leaf, NULL, RECURSE_CHAIN, vd, &error) && error == VERR_PARAM);
  error = 0;
  IS(!retrieve(c->leaf, c->others, RECURSE_CHAIN, NULL, &error) && error == VERR_PARAM);
  IS(!retrieve(c->leaf, c->others, RECURSE_CHAIN, vd, NULL));
  IS(sources(NULL, vd, &error) == 0);
  IS(retrieve(c->leaf, c->others, RECURSE_CHAIN, vd, &error));
  IS(!attribute(vd->data[0], 0, 99, &a, vd, &error) && !attribute(vd->data[0], -1, -1, &a, vd, &error));
  IS(!attribute(vd->data[0], 0, 0, NULL, vd, &error));
  IS(!copy(NULL, &error));
  struct voms *own = copy(vd->data[0], &error);
  IS(own && !strcmp(own->fqan[0], vd->data[0]->fqan[0]));
  delete(vd->data[0]); /* belongs to vd, and stays */
  IS(vd->data[0]->fqan[0][0] == '/');
  destroy(vd);
  IS(own->fqan[0][0] == '/');
  delete(own);
}

static void freed_twice(void) {
  struct vomsdata *vd = session();
  int error = 0;
  destroy(vd);
  destroy(vd);
  IS(!settype(0, vd, &error) && error == VERR_PARAM);
}

static void odd_chains(struct chain *c) {
  STACK_OF(X509) *odd = sk_X509_new_null();
  X509 *empty = X509_new(), *keyless = X509_dup(c->leaf);
  int i;
  sk_X509_push(odd, NULL);
  sk_X509_push(odd, c->leaf);
  for (i = sk_X509_num(c->others) - 1; i >= 0; i--) sk_X509_push(odd, sk_X509_value(c->others, i));
  sk_X509_push(odd, empty);
  IS(code_of(c->leaf, odd) == 0);
  IS(code_of(empty, odd) != 0);
  X509_set_issuer_name(keyless, X509_get_subject_name(c->leaf)); /* now its encoding is made anew */
  IS(code_of(keyless, odd) >= 0);
  for (i = 0; i < 10000; i++) sk_X509_push(odd, c->leaf);
  IS(code_of(c->leaf, odd) == VERR_IDCHECK);
  sk_X509_free(odd);
  X509_free(empty);
  X509_free(keyless);
}

static void errors_of_others(struct chain *c) {
  ERR_clear_error();
  ERR_put_error(ERR_LIB_USER, 0, 42, "here", 1);
  IS(code_of(c->leaf, c->others) == 0);
  IS(ERR_GET_REASON(ERR_get_error()) == 42);
  IS(ERR_get_error() == 0);
}

static void vanishing(struct chain *c) {
  char away[4096];
  IS(snprintf(away, sizeof away, "%s.away", vomsdir) < (int)sizeof away);
  IS(code_of(c->leaf, c->others) == 0);
  IS(!rename(vomsdir, away));
  IS(code_of(c->leaf, c->others) == VERR_SIGN);
  IS(!rename(away, vomsdir));
  IS(code_of(c->leaf, c->others) == 0);
}

static void *cancelled(void *given) {
  pthread_cancel(pthread_self());
  IS(code_of(((struct chain *)given)->leaf, ((struct chain *)given)->others) == 0);
  pthread_testcancel();
  return NULL;
}

/* A thread that is to be cancelled ends where the caller wants it, and not in a verification. */
static void cancelling(struct chain *c) {
  pthread_t thread;
  void *result;
  IS(!pthread_create(&thread, NULL, cancelled, c));
  IS(!pthread_join(thread, &result) && result == PTHREAD_CANCELED);
  IS(code_of(c->leaf, c->others) == 0);
}

static struct vomsdata *shared;
static pthread_barrier_t ready;
enum { THREADS = 10, EACH = 100 };

static void *user(void *unused) {
  struct chain c;
  int i, error;
  IS(load_chain(proxy, &c));
  pthread_barrier_wait(&ready);
  for (i = 0; i < EACH; i++) {
    error = 77;
    IS(retrieve(c.leaf, c.others, RECURSE_CHAIN, shared, &error) && error == 77);
    IS(shared->data[0]->fqan[0][0] == '/');
    IS(code_of(c.leaf, c.others) == 0);
  }
  pthread_barrier_wait(&ready);
  free_chain(&c);
  return unused;
}

static void in_a_child(struct chain *c) {
  int status = -1;
  pid_t child = fork();
  if (!child) {
    alarm(60);
    _exit(code_of(c->leaf, c->others));
  }
  IS(waitpid(child, &status, 0) == child);
  if (status) printf("a child ended with the status %d\n", status);
  IS(status == 0);
}

static void *reader(void *file) {
  int error = 77;
  struct vomsdata *vd = session();
  IS(!from_file(file, RECURSE_CHAIN, vd, &error));
  IS(error == 4);
  destroy(vd);
  return NULL;
}

/* A file may be waited for, and a fork and its child are not to wait with it. */
static void forking_beside_a_reader(struct chain *c) {
  int ends[2];
  pthread_t thread;
  FILE *file;
  IS(!pipe(ends));
  file = fdopen(ends[0], "r");
  IS(file != NULL);
  IS(!pthread_create(&thread, NULL, reader, file));
  usleep(200000);
  in_a_child(c);
  close(ends[1]);
  IS(!pthread_join(thread, NULL));
  fclose(file);
}

static void threads(struct chain *c, int children) {
  pthread_t all[THREADS];
  int i;
  shared = session();
  IS(!pthread_barrier_init(&ready, NULL, THREADS + 1));
  for (i = 0; i < THREADS; i++) IS(!pthread_create(&all[i], NULL, user, NULL));
  /* what the threads use of OpenSSL besides is not ours to guard */
  pthread_barrier_wait(&ready);
  for (i = 0; i < children; i++) in_a_child(c);
  pthread_barrier_wait(&ready);
  for (i = 0; i < THREADS; i++) IS(!pthread_join(all[i], NULL));
  for (i = 0; shared->data[i]; i++) IS(!strcmp(shared->data[i]->fqan[0], shared->data[0]->fqan[0]));
  IS(i == THREADS * EACH);
  destroy(shared);
}

static long resident(void) {
  long size = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  IS(file && fscanf(file, "%ld %ld", &size, &pages) == 2);
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv) {
  struct chain c;
  long times, i, before = 0;
  void *library = argc == 7 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (!library) broken(argc == 7 ? dlerror() : "abuse LIBRARY VOMSDIR CERTDIR TIME PROXY TIMES");
#define FIND(variable, name) do { *(void **)&variable = dlsym(library, #name); IS(variable != NULL); } while (0)
  FIND(init, VOMS_Init);
  FIND(destroy, VOMS_Destroy);
  FIND(retrieve, VOMS_Retrieve);
  FIND(from_file, VOMS_RetrieveFromFile);
  FIND(message, VOMS_ErrorMessage);
  FIND(settype, VOMS_SetVerificationType);
  FIND(settime, VOMS_SetVerificationTime);
  FIND(sources, VOMS_GetAttributeSourcesNumber);
  FIND(attribute, VOMS_GetAttribute);
  FIND(copy, VOMS_Copy);
  FIND(delete, VOMS_Delete);
  vomsdir = argv[2];
  certdir = argv[3];
  when = atol(argv[4]);
  proxy = argv[5];
  times = atol(argv[6]);
  IS(load_chain(proxy, &c));
  nulls(&c);
  freed_twice();
  odd_chains(&c);
  errors_of_others(&c);
  vanishing(&c);
  /* glibc loads a library for it, of which valgrind says that it is lost */
  if (times >= 1000) cancelling(&c);
  if (times >= 1000) forking_beside_a_reader(&c);
  /* valgrind takes for lost what belongs to threads that a child does not have */
  threads(&c, times < 1000 ? 0 : 20);
  for (i = 0; i < times; i++) {
    if (i == times / 10) before = resident();
    IS(code_of(c.leaf, c.others) == 0);
  }
  if (times >= 1000) {
    printf("grew by %ld bytes\n", resident() - before);
    IS(resident() - before < 256 * 1024);
  }
  free_chain(&c);
  IS(!dlclose(library));
  puts("nothing broke");
  return 0;
}
