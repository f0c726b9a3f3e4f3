#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "signals.h"

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("waiter %s\n", VERSION);
        return 0;
    }
    if (argc != 2 || strcmp(argv[1], "wait") != 0) {
        fprintf(stderr, "usage: waiter --version | wait\n");
        return 2;
    }
    printf("user %u waits\n", (unsigned)getuid());
    fflush(stdout);
    printf("ended by signal %d\n", wait_for_the_end());
    return 0;
}
