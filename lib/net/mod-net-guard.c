/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a URL of a stranger may make us connect to.  The address is judged when
 * the socket for it is made: a name that resolves to something else the next
 * moment gains nothing by it.
 */
#include <sys/socket.h>

#include "net/mod-net.h"

static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct net_peer *p = arg;

	if (purpose != CURLSOCKTYPE_IPCXN || !ms_net_public(&a->addr)) {
		p->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype, a->protocol);
}

int
net_guard(struct net_peer *p)
{
	if (curl_easy_setopt(p->curl, CURLOPT_OPENSOCKETFUNCTION,
	    on_socket) != CURLE_OK ||
	    curl_easy_setopt(p->curl, CURLOPT_OPENSOCKETDATA, p) != CURLE_OK)
		return -1;
	return 0;
}
