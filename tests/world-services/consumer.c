/* A service in C, as HTCondor and LCMAPS are: dlopen, VOMS_Retrieve, and everything that can be read.
 *
 *     consumer LIBRARY [file|proxy] <requests      with VOMS_RetrieveFromFile or VOMS_RetrieveFromProxy instead
 */
#include "consumer.h"
#include <dlfcn.h>
#include <voms/voms_apic.h>

#define FUNCTION(type, name, ...)                                              \
  type (*name##_)(__VA_ARGS__) = (type(*)(__VA_ARGS__))dlsym(library, #name);  \
  if (!name##_) {                                                              \
    fprintf(stderr, "no %s\n", #name);                                         \
    return 3;                                                                  \
  }

int main(int argc, char **argv) {
  char line[4096], *words[4];
  const char *from = argc == 3 ? argv[2] : "";
  void *library = argc >= 2 ? dlopen(argv[1], RTLD_LAZY) : NULL;
  if (!library) {
    fprintf(stderr, "%s\n", argc >= 2 ? dlerror() : "consumer LIBRARY [file|proxy]");
    return 3;
  }
  FUNCTION(struct vomsdata *, VOMS_Init, char *, char *)
  FUNCTION(void, VOMS_Destroy, struct vomsdata *)
  FUNCTION(int, VOMS_Retrieve, X509 *, STACK_OF(X509) *, int, struct vomsdata *, int *)
  FUNCTION(int, VOMS_RetrieveFromFile, FILE *, int, struct vomsdata *, int *)
  FUNCTION(int, VOMS_RetrieveFromProxy, int, struct vomsdata *, int *)
  FUNCTION(char *, VOMS_ErrorMessage, struct vomsdata *, int, char *, int)
  FUNCTION(int, VOMS_SetVerificationTime, time_t, struct vomsdata *, int *)
  FUNCTION(int, VOMS_GetAttributeSourcesNumber, struct voms *, struct vomsdata *, int *)
  FUNCTION(int, VOMS_GetAttributeSourceHandle, struct voms *, int, struct vomsdata *, int *)
  FUNCTION(const char *, VOMS_GetAttributeGrantor, struct voms *, int, struct vomsdata *, int *)
  FUNCTION(int, VOMS_GetAttributesNumber, struct voms *, int, struct vomsdata *, int *)
  FUNCTION(int, VOMS_GetAttribute, struct voms *, int, int, struct attribute *, struct vomsdata *, int *)
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (next_request(line, sizeof line, words)) {
    struct chain chain;
    int error = 0, retrieved, i, j, k;
    struct vomsdata *vd;
    if (!load_chain(words[3], &chain)) {
      puts("unreadable");
      free_chain(&chain);
      continue;
    }
    vd = VOMS_Init_(words[0], words[1]);
    if (!vd) return 4;
    VOMS_SetVerificationTime_(atol(words[2]), vd, &error);
    if (!strcmp(from, "file")) {
      FILE *file = fopen(words[3], "r");
      retrieved = VOMS_RetrieveFromFile_(file, RECURSE_CHAIN, vd, &error);
      fclose(file);
    } else if (!strcmp(from, "proxy")) {
      setenv("X509_USER_PROXY", words[3], 1);
      retrieved = VOMS_RetrieveFromProxy_(RECURSE_CHAIN, vd, &error);
    } else {
      retrieved = VOMS_Retrieve_(chain.leaf, chain.others, RECURSE_CHAIN, vd, &error);
    }
    if (!retrieved) {
      char *why = VOMS_ErrorMessage_(vd, error, NULL, 0);
      printf("refused %d%s", error, why && *why ? "" : " without a word");
      free(why);
    } else {
      printf("accepted");
      for (i = 0; vd->data[i]; i++) {
        struct voms *v = vd->data[i];
        printf(" | %s %s %s %s %s %s %s %s %s %d", v->voname, v->uri, v->user, v->userca, v->server, v->serverca, v->date1, v->date2,
               v->serial, v->siglen);
        for (j = 0; v->fqan[j]; j++) printf(" %s=%s,%s,%s", v->fqan[j], v->std[j]->group, v->std[j]->role, v->std[j]->cap);
        for (j = 0; j < VOMS_GetAttributeSourcesNumber_(v, vd, &error); j++) {
          int handle = VOMS_GetAttributeSourceHandle_(v, j, vd, &error);
          printf(" by %s", VOMS_GetAttributeGrantor_(v, handle, vd, &error));
          for (k = 0; k < VOMS_GetAttributesNumber_(v, handle, vd, &error); k++) {
            struct attribute a;
            VOMS_GetAttribute_(v, handle, k, &a, vd, &error);
            printf(" %s=%s(%s)", a.name, a.value, a.qualifier ? a.qualifier : "");
          }
        }
      }
    }
    putchar('\n');
    VOMS_Destroy_(vd);
    free_chain(&chain);
  }
  return 0;
}
