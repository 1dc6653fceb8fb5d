//gsoap ns service name: whoami
//gsoap ns service style: rpc
//gsoap ns service encoding: literal
//gsoap ns service namespace: urn:whoami
//gsoap ns schema namespace: urn:whoami
int ns__whoami(char **answer);
