/* A service over CGSI-gSOAP, as SRM servers and FTS are, and its client. `soap.h` is what it offers, for soapcpp2.
 *
 *     soap serve PORT      answers each client whose attributes are of virgo with "virgo FQAN,FQAN..."; others get a fault
 *     soap ask ENDPOINT    prints the answer, or fails
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "soapH.h"
#include "whoami.nsmap"
#include <cgsi_plugin.h>

int ns__whoami(struct soap *soap, char **answer)
{
    char *vo = get_client_voname(soap);
    int count = 0;
    char **fqans = get_client_roles(soap, &count);
    size_t size = 1;
    int i;

    if (vo == NULL || strcmp(vo, "virgo") != 0 || fqans == NULL)
        return soap_sender_fault(soap, "no attributes of virgo", NULL);
    for (i = 0; i < count; i++)
        size += strlen(fqans[i]) + 1;
    *answer = soap_malloc(soap, strlen(vo) + size);
    if (*answer == NULL)
        return SOAP_EOM;
    strcpy(*answer, vo);
    for (i = 0; i < count; i++) {
        strcat(*answer, i == 0 ? " " : ",");
        strcat(*answer, fqans[i]);
    }
    return SOAP_OK;
}

static int serve(struct soap *soap, int port)
{
    soap->bind_flags = SO_REUSEADDR;
    if (soap_cgsi_init(soap, CGSI_OPT_SERVER | CGSI_OPT_DISABLE_MAPPING) != 0 || !soap_valid_socket(soap_bind(soap, "127.0.0.1", port, 10))) {
        soap_print_fault(soap, stderr);
        return 1;
    }
    fprintf(stderr, "listening\n");
    for (;;) {
        if (!soap_valid_socket(soap_accept(soap)) || soap_serve(soap) != SOAP_OK)
            soap_print_fault(soap, stderr);
        soap_destroy(soap);
        soap_end(soap);
    }
}

static int ask(struct soap *soap, const char *endpoint)
{
    char *answer = NULL;

    if (soap_cgsi_init(soap, CGSI_OPT_CLIENT) != 0 || soap_call_ns__whoami(soap, endpoint, "", &answer) != SOAP_OK) {
        soap_print_fault(soap, stderr);
        return 1;
    }
    printf("%s\n", answer);
    return 0;
}

int main(int argc, char **argv)
{
    struct soap *soap = soap_new();

    setvbuf(stderr, NULL, _IONBF, 0);
    if (soap != NULL && argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(soap, atoi(argv[2]));
    if (soap != NULL && argc == 3 && strcmp(argv[1], "ask") == 0)
        return ask(soap, argv[2]);
    fprintf(stderr, "usage: soap serve PORT | soap ask ENDPOINT\n");
    return 2;
}
