#include "signals.h"

#include <signal.h>
#include <stddef.h>

int wait_for_the_end(void)
{
    sigset_t awaited;
    int number;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &awaited, NULL) != 0 || sigwait(&awaited, &number) != 0)
        return -1;
    return number;
}
