# fish completion of voms-proxy and its other names; made by: voms-proxy completions fish

function __voms_proxy_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program voms-proxy
    string match -q '*/voms-proxy' -- $words[1]; and set program (string replace -r '^~/' $HOME/ -- $words[1])
    set words[1] (string replace -r '.*/' '' -- $words[1])
    set -l before (string match -r '^-[^=]*=' -- "$current")
    set -l start (string replace -r '^-[^=]*=' '' -- "$current")
    for line in ($program __complete $words "$current" 2>/dev/null)
        switch $line
            case :files
                for path in (__fish_complete_path "$start")
                    echo "$before"$path
                end
            case :directories
                for path in (__fish_complete_directories "$start" '')
                    echo "$before"$path
                end
            case '*'
                echo $line
        end
    end
end

for name in voms-proxy voms-proxy-init voms-proxy-info voms-proxy-destroy voms-proxy-list voms-proxy-fake voms-verify grid-proxy-init grid-proxy-info grid-proxy-destroy grid-cert-info grid-change-pass-phrase ecp-get-cert ecp-cert-info ecp-get-cookie ecp-curl ligo-proxy-init htgettoken htdestroytoken htdecodetoken
    complete -c $name -f -a '(__voms_proxy_complete)'
end
