// A service in C++, as XRootD's plugin and the nginx module are: vomsdata on the stack, copies of its data, and the same lines as
// consumer.c. The library is the dynamic linker's. consumer++ [file|proxy] <requests
#include "consumer.h"
#include <voms/voms_api.h>

static voms last(std::vector<voms> list) { return list.back(); }

static bool retrieve(vomsdata &vd, const chain &given, const std::string &from, const char *path) {
  if (from == "file") {
    FILE *file = fopen(path, "r");
    const bool retrieved = vd.Retrieve(file, RECURSE_CHAIN);
    fclose(file);
    return retrieved;
  }
  if (from == "proxy") {
    setenv("X509_USER_PROXY", path, 1);
    return vd.RetrieveFromProxy(RECURSE_CHAIN);
  }
  return vd.Retrieve(given.leaf, given.others, RECURSE_CHAIN);
}

int main(int argc, char **argv) {
  const std::string from = argc == 2 ? argv[1] : "";
  char line[4096], *words[4];
  while (next_request(line, sizeof line, words)) {
    chain given;
    if (!load_chain(words[3], &given)) {
      printf("unreadable");
    } else {
      vomsdata vd(words[0], words[1]);
      vd.SetVerificationTime(atol(words[2]));
      if (!retrieve(vd, given, from, words[3])) {
        printf("refused %d%s", static_cast<int>(vd.error), vd.ErrorMessage().empty() ? " without a word" : "");
        if (!vd.data.empty()) printf(" but with data");
      } else {
        printf("accepted");
        std::vector<voms> copies;
        for (const voms &one : vd.data) copies.push_back(one); // grows, and so copies again
        voms kept, never;
        kept = last(copies);
        kept = *&kept;
        if (kept.serial != vd.data.back().serial || kept.GetAttributes().size() != vd.data.back().GetAttributes().size()) return 5;
        voms nothing(never);
        if (!nothing.GetAttributes().empty() || !nothing.GetTargets().empty()) return 6;
        vd.data.clear();
        for (voms &v : copies) {
          printf(" | %s %s %s %s %s %s %s %s %s %d", v.voname.c_str(), v.uri.c_str(), v.user.c_str(), v.userca.c_str(), v.server.c_str(),
                 v.serverca.c_str(), v.date1.c_str(), v.date2.c_str(), v.serial.c_str(), v.siglen);
          for (size_t j = 0; j < v.fqan.size(); j++)
            printf(" %s=%s,%s,%s", v.fqan[j].c_str(), v.std[j].group.c_str(), v.std[j].role.c_str(), v.std[j].cap.c_str());
          for (const attributelist &list : v.GetAttributes()) {
            printf(" by %s", list.grantor.c_str());
            for (const attribute &a : list.attributes) printf(" %s=%s(%s)", a.name.c_str(), a.value.c_str(), a.qualifier.c_str());
          }
        }
      }
    }
    putchar('\n');
    free_chain(&given);
  }
  return 0;
}
