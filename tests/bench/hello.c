/* The ceiling: a FastCGI program that answers a few bytes and does nothing else. */
#include <fcgiapp.h>

int main(void)
{
	FCGX_Request request;
	if (FCGX_Init() || FCGX_InitRequest(&request, 0, 0))
		return 1;
	while (FCGX_Accept_r(&request) == 0)
		FCGX_PutS("Status: 200\r\nContent-Type: application/json\r\n\r\n{\"hello\":\"world\"}\n", request.out);
	return 0;
}
